"""Slots: which partition may use a connection now, so that partitions that answer do not wait for those that do not.

Connections are few, since Azure gives an instance about 128 ports to one service. A partition uses one slot at a time.
While others wait, a request without an answer for longer than the grace is cut off, and its partition becomes a
suspect. Suspects share a small quota of their own until they answer again. Cutting off is safe, since both writes
replace. The partitions of one key in different tables have one owner, and are trusted or suspected together.

    main       48 slots   cut off after the grace while others wait
    suspects   16 slots   with the full time of an attempt
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

MOST_SLOTS: Final = 64
_FOR_SUSPECTS: Final = 16
_SHORTEST_GRACE: Final = 0.1  # seconds; the service mostly answers within a tenth of that
_LONGEST_GRACE: Final = 1.0
_TIMES_THE_USUAL: Final = 4
_MOST_SUSPECTS: Final = 10_000  # remembered; each is a key of a few hundred bytes

PartitionKey = str


class _Quota:
    """A number of slots, granted in order of request."""

    def __init__(self, most: int) -> None:
        self.free = most
        self.waiting: deque[asyncio.Future[None]] = deque()

    def take_free(self) -> bool:
        if self.waiting or not self.free:
            return False
        self.free -= 1
        return True

    async def wait(self) -> None:
        granted = asyncio.get_running_loop().create_future()
        self.waiting.append(granted)
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        while self.waiting:
            granted = self.waiting.popleft()
            if not granted.done():
                granted.set_result(None)
                return
        self.free += 1


class Slot:
    """The slot of one attempt of a partition: take it or wait for it, then use it as a context manager.

    Attributes:
        gave_way: whether the attempt was cut off because others waited; such an attempt does not count.
        began: when the request was sent, by the clock of the event loop.
        ends: when the time of the attempt is over; the caller must observe it.
    """

    _stop: Callable[[], None]

    def __init__(self, slots: "Slots", partition: PartitionKey, seconds: float, deadline: float) -> None:
        self._slots = slots
        self._partition = partition
        self._seconds = seconds
        self._deadline = deadline
        self._quota = slots.quota_of(partition)
        self._answered = False
        self.gave_way = False
        self.began = self.ends = 0.0

    def take_free(self) -> bool:
        """Take the slot if one is free; return whether it was."""
        return self._quota.take_free()

    async def wait(self) -> None:
        """Wait for the slot. The time of the attempt starts only afterwards.

        Raises:
            TimeoutError: there was no free slot until the deadline.
        """
        self._slots.watch()
        async with asyncio.timeout_at(self._deadline):
            await self._quota.wait()
            while (quota := self._slots.quota_of(self._partition)) is not self._quota:
                self._quota.give_back()  # the owner became a suspect while this waited, or is no longer one
                self._quota = quota
                if not quota.take_free():
                    await quota.wait()

    def __enter__(self) -> Self:
        """Start the time of the attempt."""
        self.ends = min(asyncio.get_running_loop().time() + self._seconds, self._deadline)
        return self

    def begins(self, stop: Callable[[], None]) -> None:
        """Note that the request is being sent; from now on the attempt may be cut off, by calling `stop`.

        The time before, such as for opening a connection, does not depend on the partition, and is never cut off. A
        worker that starts in the middle of a burst opens many connections at once.
        """
        self._stop = stop
        self.began = asyncio.get_running_loop().time()
        self._slots.under_way[self] = None

    def answered(self) -> None:
        """Note that the partition has answered, whatever the answer."""
        self._answered = True

    def is_of(self, quota: _Quota) -> bool:
        """Return whether the slot was granted by a quota."""
        return self._quota is quota

    def cut_off(self) -> None:
        """End the attempt now, in favour of those that wait."""
        self.gave_way = True
        self._stop()

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Give the slot back, and remember the outcome for the partition."""
        has_begun = self in self._slots.under_way
        self._slots.under_way.pop(self, None)
        self._quota.give_back()
        if self._answered:
            self._slots.has_answered(self._partition, asyncio.get_running_loop().time() - self.began)
        elif has_begun and (self.gave_way or isinstance(error, TimeoutError)):
            self._slots.suspect(self._partition)


class Slots:
    """The slots for all partitions, in one event loop."""

    def __init__(self, *, most: int = MOST_SLOTS, for_suspects: int = _FOR_SUSPECTS) -> None:
        self._main = _Quota(most - for_suspects)
        self._of_suspects = _Quota(for_suspects)
        self._suspects: OrderedDict[PartitionKey, None] = OrderedDict()
        self._usual_seconds = 0.0
        self._watching = False
        self.under_way: dict[Slot, None] = {}

    def slot(self, partition: PartitionKey, seconds: float, deadline: float) -> Slot:
        """Return the slot of an attempt of so many seconds, within the deadline by the clock of the event loop."""
        return Slot(self, partition, seconds, deadline)

    def quota_of(self, partition: PartitionKey) -> _Quota:
        """Return the quota that grants a partition's slots."""
        return self._of_suspects if partition in self._suspects else self._main

    def suspect(self, partition: PartitionKey) -> None:
        """Remember a partition that did not answer in time."""
        self._suspects[partition] = None
        self._suspects.move_to_end(partition)
        if len(self._suspects) > _MOST_SUSPECTS:
            self._suspects.popitem(last=False)

    def has_answered(self, partition: PartitionKey, seconds: float) -> None:
        """Trust a partition again, and update how long answers usually take."""
        self._suspects.pop(partition, None)
        self._usual_seconds += (seconds - self._usual_seconds) / 8

    def watch(self) -> None:
        """Cut off attempts without an answer for longer than the grace, as long as others wait."""
        if not self._watching:
            self._watching = True
            asyncio.get_running_loop().call_later(self._grace() / 4, self._look)

    def _look(self) -> None:
        self._watching = False
        wanted = sum(not granted.done() for granted in self._main.waiting)
        if not wanted:
            return
        latest = asyncio.get_running_loop().time() - self._grace()
        for slot in [*self.under_way]:  # the oldest first
            if not wanted or slot.began > latest:
                break
            if slot.is_of(self._main) and not slot.gave_way:
                slot.cut_off()
                wanted -= 1
        self.watch()

    def _grace(self) -> float:
        return min(max(_SHORTEST_GRACE, _TIMES_THE_USUAL * self._usual_seconds), _LONGEST_GRACE)
