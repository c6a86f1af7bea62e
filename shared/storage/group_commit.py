"""Group commit: rows of concurrent callers that share a table and a partition go out in one transaction.

Every caller returns only when its own rows are durable. A lone row is not held back: whatever arrives while a
transaction of the same partition is in flight makes up the next one.

    caller 1   ──row──▶ lane (SmsEvents, +15551234567) ──▶ PUT      (1 row)
    caller 2…9 ──rows─▶   wait while it is in flight   ──▶ $batch   (8 rows)
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, Protocol

from shared.errors import RowRefused, StorageError
from shared.storage.odata import Row

MOST_ROWS: Final = 100  # the service's limit on one transaction
MOST_BYTES: Final = 4 * 1024 * 1024 - 64 * 1024  # 4 MiB is the service's limit; the frame takes a little
MOST_WAITING_BYTES: Final = 32 * 1024 * 1024


class Writer(Protocol):
    """What a group commit needs of the tables; `shared.storage.tables.Tables` is the real one."""

    async def upsert(self, row: Row) -> None:
        """Write one row."""
        ...

    async def upsert_together(self, rows: Sequence[Row]) -> None:
        """Write rows of one table and partition, all or none."""
        ...


class _Write:
    """One caller's rows: settles when the last of them did."""

    def __init__(self, rows: int) -> None:
        self._settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._left = rows
        if not rows:
            self._settled.set_result(None)
        self._error: StorageError | None = None

    def settle(self, error: StorageError | None) -> None:
        """Count one row as done; a failure that a redelivery can mend outweighs a refusal."""
        if error is not None and (self._error is None or isinstance(self._error, RowRefused)):
            self._error = error
        self._left -= 1
        if not self._left and not self._settled.done():  # done: the caller was cancelled and waits no more
            self._settled.set_result(None)

    async def wait(self) -> None:
        """Wait until all rows are settled and raise the failure, as an error of this caller's own."""
        await self._settled
        if isinstance(self._error, RowRefused):
            raise RowRefused(self._error.code)
        if self._error is not None:
            raise StorageError(str(self._error)) from self._error


class _Waiting:
    """One row in a lane with everybody who waits for it."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.writes: list[_Write] = []


class _Room:
    """A budget of bytes, given out first come first served."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = size
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def take(self, size: int) -> None:
        """Wait until `size` bytes are free; what is larger than the whole budget waits until all of it is."""
        size = min(size, self._size)
        if not self._queue and size <= self._free:
            self._free -= size
            return
        turn = asyncio.get_running_loop().create_future()
        self._queue.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back(size)
            raise

    def give_back(self, size: int) -> None:
        """Free bytes and let those in whose turn it is."""
        self._free = min(self._size, self._free + size)
        while self._queue and (self._queue[0][1].done() or self._queue[0][0] <= self._free):
            size, turn = self._queue.popleft()
            if not turn.done():
                self._free -= size
                turn.set_result(None)


class GroupCommit:
    """Writes rows through a `Writer`, together where they can be; within one event loop."""

    def __init__(self, writer: Writer, *, waiting_bytes: int = MOST_WAITING_BYTES) -> None:
        self._writer = writer
        self._lanes: dict[tuple[str, str], dict[str, _Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = _Room(waiting_bytes)
        self._closed = False

    async def write(self, rows: Sequence[Row]) -> None:
        """Write rows; returns when all of them are durable.

        Waits while more than `waiting_bytes` of earlier rows are under way. Cancelling the caller does not take
        its rows back: they are written or not, as after a crash.

        Raises:
            RowRefused: the service refuses one of the rows for its content.
            StorageError: the service did not take one of the rows.
        """
        await self._room.take(sum(row.size for row in rows))
        if self._closed:
            self._room.give_back(sum(row.size for row in rows))
            raise StorageError("this worker is shutting down")
        write = _Write(len(rows))
        for row in rows:
            self._queue(row, write)
        await write.wait()

    async def close(self) -> None:
        """Take no more rows, and wait until those under way are written or failed."""
        self._closed = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _queue(self, row: Row, write: _Write) -> None:
        lane = self._lanes.get((row.table, row.partition))
        if lane is None:
            lane = self._lanes[row.table, row.partition] = {}
            task = asyncio.create_task(self._drain((row.table, row.partition), lane))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        # A transaction must not hold a row twice; equal keys mean equal events, so one write serves both.
        waiting = lane.get(row.row_key)
        if waiting is None:
            waiting = lane[row.row_key] = _Waiting(row)
        else:
            self._room.give_back(row.size)
        waiting.writes.append(write)

    async def _drain(self, key: tuple[str, str], lane: dict[str, _Waiting]) -> None:
        try:
            while lane:
                await asyncio.sleep(0)  # callers who run in this same turn of the loop still get on
                await self._commit(_next_group(lane))
        finally:
            del self._lanes[key]
            self._settle([*lane.values()], StorageError("the write was cancelled"))  # nobody, unless this task was

    async def _commit(self, group: list[_Waiting]) -> None:
        rows = [waiting.row for waiting in group]
        error: StorageError | None = None
        try:
            await (self._writer.upsert(rows[0]) if len(rows) == 1 else self._writer.upsert_together(rows))
        except StorageError as failure:
            error = failure
        except asyncio.CancelledError:
            self._settle(group, StorageError("the write was cancelled"))
            raise
        except Exception as bug:  # noqa: BLE001  a bug must fail its callers, never leave them waiting
            # The bug's own text may quote the row; its traceback tells enough.
            error = StorageError(f"the write failed: {type(bug).__name__}").with_traceback(bug.__traceback__)
        if isinstance(error, RowRefused) and len(group) > 1:
            # One row spoils a transaction for all; alone, each is judged by itself.
            await asyncio.gather(*(self._commit([waiting]) for waiting in group), return_exceptions=True)
        else:
            self._settle(group, error)

    def _settle(self, group: list[_Waiting], error: StorageError | None) -> None:
        for waiting in group:
            self._room.give_back(waiting.row.size)
            for write in waiting.writes:
                write.settle(error)


def _next_group(lane: dict[str, _Waiting]) -> list[_Waiting]:
    """Take from a lane what one transaction can hold, oldest first, at least one row."""
    group: list[_Waiting] = []
    size = 0
    for waiting in lane.values():
        size += waiting.row.size
        if group and (len(group) == MOST_ROWS or size > MOST_BYTES):
            break
        group.append(waiting)
    for waiting in group:
        del lane[waiting.row.row_key]
    return group
