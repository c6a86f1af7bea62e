"""One lane of the group commit: the rows of one table and partition that wait to be written together."""

import asyncio
from collections.abc import Sequence
from math import inf
from typing import Final

import msgspec

from shared.errors import Busy, RowRefused, StorageError
from shared.storage.odata import Row

MOST_ROWS: Final = 100  # the service's limit on one transaction
MOST_BYTES: Final = 4 * 1024 * 1024 - 64 * 1024  # 4 MiB is the service's limit; the frame takes a little


class Write:
    """The rows of one caller: settled when the last row is, or when the caller's time is over.

    Attributes:
        deadline: until when the caller waits, by the clock of the event loop.
        settled: done when there is nothing left to wait for; `check` then raises what went wrong.
    """

    __slots__ = ("_error", "_left", "deadline", "settled")

    def __init__(self, deadline: float = inf) -> None:
        self.deadline = deadline
        self.settled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._error: StorageError | None = None
        self._left = 0

    @property
    def is_abandoned(self) -> bool:
        """Whether the caller no longer waits, though not all rows are settled: it was cancelled, or is out of time."""
        return self.settled.done()

    def expect(self, rows: int) -> None:
        """Set how many rows are to be settled; without any, the write settles at once."""
        self._left = rows
        if not rows:
            self.settled.set_result(None)

    def expire(self) -> None:
        """Fail because the time is over."""
        self.fail(StorageError("not written in time"))

    def fail(self, error: StorageError) -> None:
        """Settle with an error, unless already settled."""
        if not self.settled.done():
            self._error = error
            self.settled.set_result(None)

    def settle(self, error: StorageError | None) -> None:
        """Count one row as done; a failure that a redelivery can mend outweighs a refusal."""
        self._left -= 1
        if error is not None and (self._error is None or isinstance(self._error, RowRefused)):
            self._error = error
        if not self._left and not self.settled.done():
            self.settled.set_result(None)

    def check(self) -> None:
        """Raise the failure, if there was one, as a new exception: callers must not share a traceback."""
        if self._error is None:
            return
        if isinstance(self._error, RowRefused):
            raise RowRefused(self._error.code)
        raise type(self._error)(str(self._error)) from self._error


class Waiting(msgspec.Struct, frozen=True, gc=False):
    """One row in a lane, and the writes that wait for it."""

    row: Row
    writes: list[Write]

    @property
    def is_abandoned(self) -> bool:
        """Whether no write waits for the row any more."""
        for write in self.writes:  # noqa: SIM110  mostly one: a generator would cost several times as much
            if not write.settled.done():
                return False
        return True


class Lane:
    """The waiting rows of a partition in order of arrival, and how fast the partition has taken rows so far.

    Attributes:
        size: bytes of the rows that wait or are under way.
        task: what drains the lane.
    """

    task: asyncio.Task[None]

    def __init__(self) -> None:
        self._waiting: dict[str, Waiting] = {}
        self._under_way: list[Waiting] = []
        self._began: float | None = None
        self._seconds_per_group = 0.0
        self.size = 0

    def add(self, row: Row, write: Write) -> None:
        """Queue a row.

        A transaction must not hold a row twice; equal keys mean equal events, so one write serves both. Where the texts
        of two deliveries differ, the later one is written.
        """
        waiting = self._waiting.get(row.row_key)
        if waiting is None:
            self._waiting[row.row_key] = Waiting(row, [write])
            self.size += row.size
        else:
            waiting.writes.append(write)
            self._waiting[row.row_key] = Waiting(row, waiting.writes)
            self.size += row.size - waiting.row.size

    def next_group(self, now: float) -> list[Waiting]:
        """Take the oldest rows that fit one transaction, at least one; drop abandoned rows."""
        if not self._waiting:
            return []
        group: list[Waiting] = []
        dropped: list[Waiting] = []
        size = 0
        for waiting in self._waiting.values():
            if waiting.is_abandoned:
                dropped.append(waiting)
                continue
            size += waiting.row.size
            if group and (len(group) == MOST_ROWS or size > MOST_BYTES):
                break
            group.append(waiting)
        for waiting in (*group, *dropped):
            del self._waiting[waiting.row.row_key]
        if dropped:
            self.settle(dropped, None)
        self._began, self._under_way = now, group
        return group

    def finished(self, rows: int, now: float) -> None:
        """Update the estimate of speed after a group was written or failed."""
        seconds = self.seconds_under_way(now)
        # A full group shows how long a full group takes; a smaller one shows a lower bound.
        weight = 0.5 if rows == MOST_ROWS or seconds > self._seconds_per_group else 0.1
        weight = weight if self._seconds_per_group else 1.0
        self._seconds_per_group += (seconds - self._seconds_per_group) * weight
        self._began, self._under_way = None, []

    def seconds_to_drain(self, now: float) -> float:
        """Return the estimated seconds to write all waiting rows."""
        groups = -(-len(self._waiting) // MOST_ROWS)  # rounded up
        seconds = groups * self._seconds_per_group
        return seconds if self._began is None else seconds + max(self._seconds_per_group, now - self._began)

    def seconds_under_way(self, now: float) -> float:
        """Return for how many seconds the group in flight has been in flight; 0 if there is none."""
        return 0.0 if self._began is None else now - self._began

    def expire(self, now: float) -> None:
        """Fail the writes whose deadline has passed; their rows are dropped unless another write waits for them."""
        for waiting in (*self._under_way, *self._waiting.values()):
            for write in waiting.writes:
                if write.deadline <= now:
                    write.expire()

    def give_way(self, why: str) -> None:
        """Fail all rows that wait or are in flight."""
        self.settle(self.take_all(), Busy(why))
        self.task.cancel()

    def fail_under_way(self, error: StorageError) -> None:
        """Fail the writes whose rows are in flight, unless they are settled already."""
        for waiting in self._under_way:
            for write in waiting.writes:
                write.fail(error)

    def take_all(self) -> list[Waiting]:
        """Take all waiting rows."""
        taken = [*self._waiting.values()]
        self._waiting.clear()
        return taken

    def settle(self, group: Sequence[Waiting], error: StorageError | None) -> None:
        """Settle these rows with an error, or with None for success."""
        for waiting in group:
            self.size -= waiting.row.size
            for write in waiting.writes:
                write.settle(error)
