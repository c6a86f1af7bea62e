"""Follow new events as they are written, by polling `Timeline`.

Two polls overlap. One asks every second for events that are at most two minutes old. The other asks every half minute
for events up to a day old, which were delivered late. Both filter by `Timestamp`, the service's time of the write, and
each poll overlaps the one before, since a row may become visible later than its `Timestamp` says. Handles of events
that were shown are remembered.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from azure.core.exceptions import AzureError, DecodeError, HttpResponseError

from shared.lookups.lines import EventLine

Read = Callable[[datetime, datetime], AsyncGenerator[EventLine]]
"""Given two times, yields the events since the first that were written since the second, newest first."""

_REMEMBERED: Final = 100_000
_WAITING: Final = 1_000  # lines that were read and not yet shown
_LONGEST_PAUSE: Final = 30.0
_SERVER_ERROR: Final = 500
_WORTH_TRYING: Final = frozenset({408, 429})


class Watch(NamedTuple):
    """How to poll for new events.

    Attributes:
        every: seconds between two polls.
        reach: the maximum age of an event when it is written.
        overlap: by how much each poll overlaps the one before.
    """

    every: float
    reach: timedelta
    overlap: timedelta


RECENT: Final = Watch(1.0, timedelta(minutes=2), timedelta(seconds=15))
LATE: Final = Watch(30.0, timedelta(hours=24), timedelta(minutes=2))
_BEGIN: Final = timedelta(minutes=2)  # events written in this time before the start are shown too


class Follower:
    """Yields each new event once.

    Args:
        read: reads new events.
        now: returns the time by the service's clock.
        note: called with a message when the tables are unreachable, and when they are back.
        watches: how to poll.
        shown: handles of events that are not new.
    """

    def __init__(
        self,
        read: Read,
        now: Callable[[], datetime],
        note: Callable[[str], None],
        watches: tuple[Watch, ...] = (RECENT, LATE),
        shown: Iterable[str] = (),
    ) -> None:
        self._read = read
        self._now = now
        self._note = note
        self._watches = watches
        self._shown: dict[str, None] = dict.fromkeys(shown)
        self._failing: set[Watch] = set()

    async def lines(self) -> AsyncGenerator[EventLine]:
        """Yield each new event once, until the caller stops.

        Raises:
            AzureError: the service refuses a query, or the first query does not reach it.
        """
        arrivals: asyncio.Queue[EventLine | Exception] = asyncio.Queue(_WAITING)
        begin = self._now() - _BEGIN
        watching = [asyncio.create_task(self._watch(watch, begin, arrivals)) for watch in self._watches]
        try:
            while True:
                arrival = await arrivals.get()
                if isinstance(arrival, Exception):
                    raise arrival
                if self._is_new(arrival.handle):
                    yield arrival
        finally:
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    async def _watch(self, watch: Watch, begin: datetime, arrivals: asyncio.Queue[EventLine | Exception]) -> None:
        asked, reached, pause = begin, False, watch.every
        while True:
            asking = self._now()
            try:
                await self._ask(watch, asked, arrivals)
            except Exception as error:  # noqa: BLE001  `lines` raises it; in a task it would go unseen
                if not (reached and may_pass(error)):
                    await arrivals.put(error)
                    return
                self._tell(watch, failing=True)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                self._tell(watch, failing=False)
                asked, reached, pause = asking, True, watch.every
            await asyncio.sleep(pause)

    async def _ask(self, watch: Watch, asked: datetime, arrivals: asyncio.Queue[EventLine | Exception]) -> None:
        """Poll once; pass on new events, oldest first within each block of `_WAITING`."""
        written_since = asked - watch.overlap
        together: list[EventLine] = []
        async for line in self._read(written_since - watch.reach, written_since):
            together.append(line)
            if len(together) == _WAITING:
                await _hand_over(together, arrivals)
        await _hand_over(together, arrivals)

    def _is_new(self, handle: str) -> bool:
        if handle in self._shown:
            return False
        self._shown[handle] = None
        if len(self._shown) > _REMEMBERED:
            del self._shown[next(iter(self._shown))]
        return True

    def _tell(self, watch: Watch, *, failing: bool) -> None:
        before = bool(self._failing)
        (self._failing.add if failing else self._failing.discard)(watch)
        if before != bool(self._failing):
            self._note("the tables are out of reach: asking again" if failing else "the tables are back")


def may_pass(error: Exception) -> bool:
    """Return whether another attempt may succeed: the network or the service failed, and the query is valid."""
    if isinstance(error, HttpResponseError) and error.status_code is not None and not isinstance(error, DecodeError):
        return error.status_code in _WORTH_TRYING or error.status_code >= _SERVER_ERROR
    return isinstance(error, AzureError)


async def _hand_over(lines: list[EventLine], arrivals: asyncio.Queue[EventLine | Exception]) -> None:
    while lines:
        await arrivals.put(lines.pop())
