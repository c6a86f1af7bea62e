"""Group commit: rows of concurrent callers that share a table and a partition go out in one transaction.

Every caller returns only when its own rows are durable. A lone row is not held back. Rows that arrive while a
transaction of the same partition is in flight make up the next one.

    caller 1   ──row──▶ lane (SmsEvents, +15551234567) ──▶ PUT      (1 row)
    caller 2…9 ──rows─▶   wait while it is in flight   ──▶ $batch   (8 rows)

A lane accepts no more rows than it can write in time, and drops rows that no caller waits for any more. So the rows
that are written under overload are acknowledged.
"""

import asyncio
from collections.abc import Sequence
from math import inf
from typing import Final, Protocol

from shared.errors import Busy, RowRefused, StorageError
from shared.storage.budget import Budget
from shared.storage.lane import Lane, Waiting, Write
from shared.storage.odata import LaneKey, Row

MOST_WAITING_BYTES: Final = 64 * 1024 * 1024
_STUCK_AFTER: Final = 1.0  # seconds; a lane that has written nothing for so long gives way when room is short
_GLANCE_SECONDS: Final = 0.25
_NO_ROOM: Final = "a partition does not answer, and others need the room"
_SHARE_OF_TIME: Final = 0.5  # of the time until a caller's deadline may be spent in the queue


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
        self._budget = Budget(waiting_bytes)
        self._closed = False
        self._looking = False

    def try_reserve(self, size: int) -> bool:
        """Reserve room for an event that takes about so many bytes, to `release` later; return whether there is any."""
        return self._budget.try_take(size)

    async def reserve(self, size: int, *, deadline: float = inf) -> int:
        """Wait until there is room for so many bytes, and return what to `release` later.

        Raises:
            Busy: too many events are waiting already, or there was no room until the deadline.
        """
        if self._budget.wanted or size > self._budget.free:
            self._make_room(size)
        return await self._budget.take(size, deadline)

    def release(self, size: int) -> None:
        """Give back what was reserved."""
        self._budget.give_back(size)

    async def write(self, rows: Sequence[Row], *, deadline: float = inf) -> None:
        """Write rows; returns when all of them are durable.

        Args:
            rows: what to write.
            deadline: until when the caller waits, by the clock of the event loop.

        Raises:
            Busy: the rows could not be written in time; nothing of them is.
            RowRefused: the service refuses one of the rows for its content.
            StorageError: the service did not take one of the rows in time.
        """
        write = Write(deadline)
        self.begin(rows, write)
        await write.settled
        write.check()

    def begin(self, rows: Sequence[Row], write: Write) -> None:
        """Queue rows, all or none; `write` settles when all of them are durable, or one of them cannot be.

        Rows of a caller that is cancelled or out of time are dropped, unless they are in flight or another caller
        waits for them, too.

        Raises:
            Busy: the rows could not be written in time.
            StorageError: this worker is shutting down.
        """
        if self._closed:
            raise StorageError("this worker is shutting down")
        now = asyncio.get_running_loop().time()
        seconds = (write.deadline - now) * _SHARE_OF_TIME
        size = max(self._budget.free, 0) / 2  # however many lanes are full, the next one finds room
        lanes = self._lanes
        for row in rows:
            lane = lanes.get(row.lane)
            if lane is None:
                continue
            if lane.size > size:
                raise Busy(f"a partition of {row.table} has too many rows waiting")
            if lane.seconds_to_drain(now) > seconds:
                raise Busy(f"a partition of {row.table} is slower than its rows arrive")
        write.expect(len(rows))
        for row in rows:
            (lanes.get(row.lane) or self._open(row.lane)).add(row, write)

    async def close(self) -> None:
        """Take no more rows, and wait until those under way are written or failed."""
        self._closed = True
        if self._lanes:
            await asyncio.wait([lane.task for lane in self._lanes.values()])

    def _make_room(self, size: int) -> None:
        """Fail lanes that are stuck, the longest first, until there is room; Event Grid delivers their events again."""
        now = asyncio.get_running_loop().time()
        stuck = [lane for lane in self._lanes.values() if lane.seconds_under_way(now) > _STUCK_AFTER]
        missing = self._budget.wanted + size - self._budget.free
        for lane in sorted(stuck, key=lambda lane: lane.seconds_under_way(now), reverse=True):
            if missing <= 0:
                return
            missing -= lane.size  # at least; its callers give their reservations back when they run next
            lane.give_way(_NO_ROOM)

    def _open(self, key: LaneKey) -> Lane:
        """Open the lane of a table's partition."""
        lane = self._lanes[key] = Lane()
        lane.task = asyncio.create_task(self._drain(key, lane))
        if not self._looking:
            self._look_later()
        return lane

    def _look_later(self) -> None:
        self._looking = True
        asyncio.get_running_loop().call_later(_GLANCE_SECONDS, self._look)

    def _look(self) -> None:
        """Fail the callers whose time is over. One look at all lanes costs less than a timer per caller."""
        self._looking = False
        now = asyncio.get_running_loop().time()
        for lane in self._lanes.values():
            lane.expire(now)
        if self._budget.wanted:  # lanes may be stuck by now that were not when those callers came
            self._make_room(0)
        if self._lanes:
            self._look_later()

    async def _drain(self, key: LaneKey, lane: Lane) -> None:
        # A task starts in the next iteration of the loop, so rows that are queued in this one share the transaction.
        now = asyncio.get_running_loop().time
        try:
            while group := lane.next_group(now()):
                await self._commit(lane, group)
                lane.finished(len(group), now())
        finally:
            del self._lanes[key]
            lane.fail_under_way(Busy(_NO_ROOM))  # those that are not settled, since the task was cancelled
            if left := lane.take_all():
                lane.settle(left, Busy(_NO_ROOM))

    async def _commit(self, lane: Lane, group: Sequence[Waiting]) -> None:
        rows = [waiting.row for waiting in group]
        error: StorageError | None = None
        try:
            await (self._writer.upsert(rows[0]) if len(rows) == 1 else self._writer.upsert_together(rows))
        except StorageError as failure:
            error = failure
        except Exception as bug:  # noqa: BLE001  a bug must fail its callers, never leave them waiting
            # The text of the exception may quote the row; its type and traceback do not.
            error = StorageError(f"the write failed: {type(bug).__name__}").with_traceback(bug.__traceback__)
        if isinstance(error, RowRefused) and len(group) > 1:
            # One row spoils a transaction for all. Its halves follow one after the other: a partition whose rows are
            # refused must not take the connections of others.
            half = len(group) // 2
            await self._commit(lane, group[:half])
            await self._commit(lane, group[half:])
        else:
            lane.settle(group, error)
