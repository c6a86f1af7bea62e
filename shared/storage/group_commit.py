"""Group commit: rows of concurrent callers that share a table and a partition go out in one transaction.

Every caller returns only when its own rows are durable. A lone row is not held back: whatever arrives while a
transaction of the same partition is in flight makes up the next one.

    caller 1   ──row──▶ lane (SmsEvents, +15551234567) ──▶ PUT      (1 row)
    caller 2…9 ──rows─▶   wait while it is in flight   ──▶ $batch   (8 rows)

A lane takes no more than it can write in time, and rows whose callers have all gone are dropped: so what is written
under overload is acknowledged.
"""

import asyncio
from collections.abc import Sequence
from math import inf
from typing import Final, Protocol

from shared.errors import Busy, RowRefused, StorageError
from shared.storage.budget import Budget
from shared.storage.lane import Lane, Waiting, Write
from shared.storage.odata import Row

MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
_STUCK_AFTER: Final = 1.0  # seconds; a lane that has written nothing for so long gives way when room is short
_GLANCE_SECONDS: Final = 0.25
_NO_ROOM: Final = "a partition does not answer, and others need the room"
_SHARE_OF_TIME: Final = 0.5  # of what is left until a caller's deadline may be spent in the queue

LaneKey = tuple[str, str]


class Writer(Protocol):
    """What a group commit needs of the tables; `shared.storage.tables.Tables` is the real one."""

    async def upsert(self, row: Row) -> None:
        """Write one row."""
        ...

    async def upsert_together(self, rows: Sequence[Row]) -> None:
        """Write rows of one table and partition, all or none."""
        ...


class GroupCommit:
    """Writes rows through a `Writer`, together where they can be; within one event loop."""

    def __init__(self, writer: Writer, *, waiting_bytes: int = MOST_WAITING_BYTES) -> None:
        self._writer = writer
        self._lanes: dict[LaneKey, Lane] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._budget = Budget(waiting_bytes)
        self._closed = False
        self._looking = False

    async def reserve(self, size: int, *, deadline: float = inf) -> int:
        """Wait until there is room for an event that takes about so many bytes, and return what to `release` later.

        Raises:
            Busy: too many events are waiting already, or there was no room until the deadline.
        """
        if size > self._budget.free:
            self._make_room(size)
        return await self._budget.take(size, deadline)

    def release(self, size: int) -> None:
        """Give back what was reserved."""
        self._budget.give_back(size)

    async def write(self, rows: Sequence[Row], *, deadline: float = inf) -> None:
        """Write rows; returns when all of them are durable.

        All rows are taken or none. Rows of a caller who is cancelled or out of time are not sent any more, unless they
        are under way or somebody else waits for them, too.

        Args:
            rows: what to write.
            deadline: until when the caller waits, by the clock of the event loop.

        Raises:
            Busy: the rows could not be written in time; nothing of them is.
            RowRefused: the service refuses one of the rows for its content.
            StorageError: the service did not take one of the rows in time.
        """
        if self._closed:
            raise StorageError("this worker is shutting down")
        self._check_lanes(rows, deadline)
        write = Write(len(rows), deadline)
        for row in rows:
            self._queue(row, write)
        await write.wait()

    async def close(self) -> None:
        """Take no more rows, and wait until those under way are written or failed."""
        self._closed = True
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _check_lanes(self, rows: Sequence[Row], deadline: float) -> None:
        """Raise Busy if one of the lanes cannot take its row."""
        now = asyncio.get_running_loop().time()
        for row in rows:
            lane = self._lanes.get((row.table, row.partition))
            if lane is None:
                continue
            # Half of what is free: however many lanes are full, the next one finds room.
            if lane.size > max(self._budget.free, 0) / 2:
                raise Busy(f"a partition of {row.table} has too many rows waiting")
            if lane.seconds_to_drain(now) > (deadline - now) * _SHARE_OF_TIME:
                raise Busy(f"a partition of {row.table} is slower than its rows arrive")

    def _make_room(self, size: int) -> None:
        """Fail lanes that are stuck, the longest first, until there is room; Event Grid delivers their events again."""
        now = asyncio.get_running_loop().time()
        stuck = [lane for lane in self._lanes.values() if lane.seconds_under_way(now) > _STUCK_AFTER]
        missing = size - self._budget.free
        for lane in sorted(stuck, key=lambda lane: lane.seconds_under_way(now), reverse=True):
            if missing <= 0:
                return
            missing -= lane.size  # at least; its callers give their reservations back when they run next
            lane.give_way(_NO_ROOM)

    def _queue(self, row: Row, write: Write) -> None:
        key = (row.table, row.partition)
        lane = self._lanes.get(key)
        if lane is None:
            lane = self._lanes[key] = Lane()
            lane.task = asyncio.create_task(self._drain(key, lane))
            self._tasks.add(lane.task)
            lane.task.add_done_callback(self._tasks.discard)
            if not self._looking:
                self._look_later()
        lane.add(row, write)

    def _look_later(self) -> None:
        self._looking = True
        asyncio.get_running_loop().call_later(_GLANCE_SECONDS, self._look)

    def _look(self) -> None:
        """Let callers go whose time is over. One look at all lanes costs less than an alarm for every caller."""
        self._looking = False
        now = asyncio.get_running_loop().time()
        for lane in self._lanes.values():
            lane.expire(now)
        if self._lanes:
            self._look_later()

    async def _drain(self, key: LaneKey, lane: Lane) -> None:
        try:
            while True:
                await asyncio.sleep(0)  # callers who run in this same turn of the loop still get on
                group = lane.next_group(asyncio.get_running_loop().time())
                if not group:
                    return
                await self._commit(lane, group)
                lane.finished(len(group), asyncio.get_running_loop().time())
        finally:
            del self._lanes[key]
            lane.settle(lane.take_all(), Busy(_NO_ROOM))

    async def _commit(self, lane: Lane, group: Sequence[Waiting]) -> None:
        rows = [waiting.row for waiting in group]
        error: StorageError | None = None
        try:
            await (self._writer.upsert(rows[0]) if len(rows) == 1 else self._writer.upsert_together(rows))
        except StorageError as failure:
            error = failure
        except asyncio.CancelledError:
            lane.settle(group, Busy(_NO_ROOM))
            raise
        except Exception as bug:  # noqa: BLE001  a bug must fail its callers, never leave them waiting
            # The bug's own text may quote the row; its traceback tells enough.
            error = StorageError(f"the write failed: {type(bug).__name__}").with_traceback(bug.__traceback__)
        if isinstance(error, RowRefused) and len(group) > 1:
            # One row spoils a transaction for all; alone, each is judged by itself.
            await asyncio.gather(*(self._commit(lane, [waiting]) for waiting in group), return_exceptions=True)
        else:
            lane.settle(group, error)
