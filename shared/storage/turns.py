"""Who may use a connection now: partitions that answer are not held up by partitions that do not.

Connections are few, since Azure gives an instance about 128 ports to one service. A partition takes one turn at a
time. While turns are short, one that has had no answer for a while is cut off, and its partition becomes a suspect:
suspects share a few turns of their own, until they answer again. Cutting off is safe, since both writes replace.
The partitions of one key in different tables are of one owner, and are trusted or suspected together.

    main       48 turns   cut off after the grace while somebody waits
    suspects   16 turns   with all the patience of an attempt
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from types import TracebackType
from typing import Final, Self

MOST_TURNS: Final = 64
_FOR_SUSPECTS: Final = 16
_SHORTEST_GRACE: Final = 0.1  # seconds; the service mostly answers within a tenth of that
_LONGEST_GRACE: Final = 1.0
_TIMES_THE_USUAL: Final = 4
_MOST_SUSPECTS: Final = 10_000  # remembered; each is a key of a few hundred bytes

PartitionKey = str


class _Line:
    """Turns of one sort, given out in the order of asking."""

    def __init__(self, most: int) -> None:
        self.free = most
        self.waiting: deque[asyncio.Future[None]] = deque()

    def take_free(self) -> bool:
        if self.waiting or not self.free:
            return False
        self.free -= 1
        return True

    async def wait(self) -> None:
        turn = asyncio.get_running_loop().create_future()
        self.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1


class Turn:
    """One attempt of a partition to get an answer: take it or wait for it, then enter it as a context manager.

    Attributes:
        gave_way: whether it was cut off for others who waited; such an attempt does not count.
        began: when the request went out, by the clock of the event loop.
        ends: when the attempt's time is over; whoever makes it keeps to that.
    """

    _stop: Callable[[], None]

    def __init__(self, turns: "Turns", partition: PartitionKey, seconds: float, deadline: float) -> None:
        self._turns = turns
        self._partition = partition
        self._seconds = seconds
        self._deadline = deadline
        self._line = turns.line_of(partition)
        self._answered = False
        self.gave_way = False
        self.began = self.ends = 0.0

    def take_free(self) -> bool:
        """Take the turn if one is free, and return whether that is so."""
        return self._line.take_free()

    async def wait(self) -> None:
        """Wait for the turn; what is waited is not charged to the attempt.

        Raises:
            TimeoutError: there was none until the deadline.
        """
        self._turns.watch()
        async with asyncio.timeout_at(self._deadline):
            await self._line.wait()
            while (line := self._turns.line_of(self._partition)) is not self._line:
                self._line.give_back()  # the owner has become a suspect meanwhile, or is one no more
                self._line = line
                if not line.take_free():
                    await line.wait()

    def __enter__(self) -> Self:
        """Start the clock of the attempt, whose turn it is."""
        self.ends = min(asyncio.get_running_loop().time() + self._seconds, self._deadline)
        return self

    def begins(self, stop: Callable[[], None]) -> None:
        """Tell that the request goes out: from now on it is the partition that is waited for, until `stop` is called.

        What comes before, as opening a connection, takes all partitions the same time, and is not cut off: a worker
        that starts into a burst opens many at once.
        """
        self._stop = stop
        self.began = asyncio.get_running_loop().time()
        self._turns.under_way[self] = None

    def answered(self) -> None:
        """Tell that the partition has answered, whatever the answer is."""
        self._answered = True

    def is_in(self, line: _Line) -> bool:
        """Tell whether the turn was given out by a line."""
        return self._line is line

    def cut_off(self) -> None:
        """End the attempt now, for those who wait."""
        self.gave_way = True
        self._stop()

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Give the turn back, and remember what became of it."""
        has_begun = self in self._turns.under_way
        self._turns.under_way.pop(self, None)
        self._line.give_back()
        if self._answered:
            self._turns.has_answered(self._partition, asyncio.get_running_loop().time() - self.began)
        elif has_begun and (self.gave_way or isinstance(error, TimeoutError)):
            self._turns.suspect(self._partition)


class Turns:
    """The turns of all partitions, in one event loop."""

    def __init__(self, *, most: int = MOST_TURNS, for_suspects: int = _FOR_SUSPECTS) -> None:
        self._main = _Line(most - for_suspects)
        self._of_suspects = _Line(for_suspects)
        self._suspects: OrderedDict[PartitionKey, None] = OrderedDict()
        self._usual_seconds = 0.0
        self._watching = False
        self.under_way: dict[Turn, None] = {}

    def turn(self, partition: PartitionKey, seconds: float, deadline: float) -> Turn:
        """Return a turn for an attempt of so many seconds, not beyond the deadline by the clock of the event loop."""
        return Turn(self, partition, seconds, deadline)

    def line_of(self, partition: PartitionKey) -> _Line:
        """Return where a partition waits for its turn."""
        return self._of_suspects if partition in self._suspects else self._main

    def suspect(self, partition: PartitionKey) -> None:
        """Remember a partition that did not answer in time."""
        self._suspects[partition] = None
        self._suspects.move_to_end(partition)
        if len(self._suspects) > _MOST_SUSPECTS:
            self._suspects.popitem(last=False)

    def has_answered(self, partition: PartitionKey, seconds: float) -> None:
        """Trust a partition again, and learn how long answers usually take."""
        self._suspects.pop(partition, None)
        self._usual_seconds += (seconds - self._usual_seconds) / 8

    def watch(self) -> None:
        """Cut off, as long as somebody waits, whoever has had no answer for longer than the grace."""
        if not self._watching:
            self._watching = True
            asyncio.get_running_loop().call_later(self._grace() / 4, self._look)

    def _look(self) -> None:
        self._watching = False
        wanted = sum(not waiting.done() for waiting in self._main.waiting)
        if not wanted:
            return
        latest = asyncio.get_running_loop().time() - self._grace()
        for turn in [*self.under_way]:  # the oldest first
            if not wanted or turn.began > latest:
                break
            if turn.is_in(self._main) and not turn.gave_way:
                turn.cut_off()
                wanted -= 1
        self.watch()

    def _grace(self) -> float:
        return min(max(_SHORTEST_GRACE, _TIMES_THE_USUAL * self._usual_seconds), _LONGEST_GRACE)
