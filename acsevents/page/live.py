"""New events: one poll of the tables for all open tabs, and only while there are any."""

import asyncio
import logging
import secrets
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from typing import Final

from acsevents.failures import explanation
from acsevents.page.notes import noted_by
from acsevents.page.pulse import Pulse, an_hour_before, minute_of
from acsevents.page.tab import CAP, Match, Position, Tab
from shared.events.timestamps import Instant, edm
from shared.lookups import EventLine, EventQuery, Handle, Lookups

_COUNTED: Final = 20_000  # events of the past hour that the chart counts
_REMEMBERED: Final = 100_000
_FIRST_PAINT_SECONDS: Final = 0.5  # the first view is rendered before polling loads the tables
_IDLE_SECONDS: Final = 60.0  # without a tab, until polling stops
_AGAIN_SECONDS: Final = 10.0
_DEAD_LETTERS_SECONDS: Final = 10.0
_RESTS: Final = 20  # pause, in multiples of the duration of the last query
MOST_DEAD_LETTERS: Final = 1_000  # of the past hour; more are not counted
_LOG: Final = logging.getLogger(__name__)


class Live:
    """Follows the tables of one account.

    Attributes:
        pulse: statistics of the last hour.
        beat: counts the changes of `pulse` and `told`.
        told: the last note of the queries, such as why no events arrive; empty in normal operation.
        closing: whether the server is shutting down.
    """

    def __init__(self, lookups: Lookups) -> None:
        self.pulse = Pulse()
        self.beat = 0
        self.told = ""
        self.closing = False
        self._lookups = lookups
        self._tabs: set[Tab] = set()
        self._following: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._course = ""
        self._arrivals = 0
        self._latest: deque[EventLine] = deque(maxlen=CAP)
        self._counted: dict[str, None] = {}

    @property
    def position(self) -> Position:
        """The position after the last arrival."""
        return Position(self._course, self._arrivals)

    def look_on(self) -> Position:
        """Poll for the next minute; return the position from which a tab misses no event.

        Call it before reading the tables.
        """
        self._follow()
        return self.position

    @contextmanager
    def tab(self, match: Match, after: Position) -> Iterator[Tab]:
        """Register a tab that has seen all arrivals up to a position; `lost` if they are no longer known."""
        position = self.look_on()
        tab = Tab(match)
        missed = position.arrivals - after.arrivals
        if after.course != position.course or not 0 <= missed <= len(self._latest):
            tab.lost = True
            tab.changed.set()
        else:
            for line in [*self._latest][len(self._latest) - missed :]:
                tab.add(line)
        self._tabs.add(tab)
        try:
            yield tab
        finally:
            self._tabs.discard(tab)
            self._follow()

    async def close(self) -> None:
        """End all streams, and stop polling."""
        self.closing = True
        for tab in self._tabs:
            tab.changed.set()
        await self._stop()

    def _follow(self) -> None:
        """Poll, until there has been no tab for a while."""
        if self._idle is not None:
            self._idle.cancel()
        if self.closing:
            return
        self._idle = asyncio.get_running_loop().call_later(_IDLE_SECONDS, self._see_who_looks)
        if self._following is None:
            self._course = secrets.token_hex(4)
            self._following = asyncio.create_task(self._run())

    def _see_who_looks(self) -> None:
        if self._tabs:
            self._follow()
        elif self._following is not None:
            self._following.cancel()
            self._forget()

    def _forget(self) -> None:
        self._following = None
        self._arrivals = 0
        self._latest.clear()
        self._counted.clear()
        self.pulse = Pulse()
        self.told = ""

    async def _stop(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        if self._following is not None:
            self._following.cancel()
            with suppress(asyncio.CancelledError):
                await self._following

    async def _run(self) -> None:
        noted_by(self._note)
        await asyncio.sleep(_FIRST_PAINT_SECONDS)
        await asyncio.gather(*map(self._keep_up, (self._hear, self._count_past, self._watch_dead_letters)))

    async def _keep_up(self, work: Callable[[], Awaitable[None]]) -> None:
        """Run some work; if it fails, show the reason and restart it."""
        while True:
            try:
                await work()
            except Exception as error:  # noqa: BLE001  the page shows it
                failure = explanation(error)
                if failure is None:
                    _LOG.exception("a bug while following")
                self._note(str(failure or f"a bug: {type(error).__name__}; the terminal has more"))
                await asyncio.sleep(_AGAIN_SECONDS)
            else:
                return

    async def _hear(self) -> None:
        shown = [line.handle for line in self._latest]
        async with aclosing(self._lookups.follow(EventQuery(), shown=shown)) as lines:
            async for line in lines:
                if self._count(line.handle, Handle.parse(line.handle).ticks, line.kind):
                    self.pulse.time(line)
                self.told = ""
                self._arrivals += 1
                self._latest.append(line)
                for tab in self._tabs:
                    tab.add(line)

    async def _count_past(self) -> None:
        """Count the events of the past hour, the newest first, up to a limit."""
        begin = an_hour_before(self._lookups.now())
        counted_from, number = begin, 0
        async with aclosing(self._lookups.occurrences(begin)) as occurrences:
            async for handle, kind in occurrences:
                self._count(str(handle), handle.ticks, kind)
                number += 1
                if number == _COUNTED:
                    counted_from = handle.ticks
                    break
        self.pulse.counted_from = edm(counted_from)
        self.beat += 1

    async def _watch_dead_letters(self) -> None:
        while True:
            begin = time.monotonic()
            written: Counter[int] = Counter()
            async with aclosing(self._lookups.dead_letters(since=an_hour_before(self._lookups.now()))) as letters:
                async for letter in letters:
                    written[minute_of(Instant.parse(letter.time).ticks)] += 1
                    if written.total() == MOST_DEAD_LETTERS:
                        break
            if written != self.pulse.dead_letters:
                self.pulse.dead_letters = written
                self.beat += 1
            # With very many dead letters the query takes long, so it runs less often.
            await asyncio.sleep(max(_DEAD_LETTERS_SECONDS, _RESTS * (time.monotonic() - begin)))

    def _count(self, handle: str, ticks: int, kind: str) -> bool:
        """Count an event once; tell whether it was new."""
        if handle in self._counted:
            return False
        self._counted[handle] = None
        if len(self._counted) > _REMEMBERED:
            del self._counted[next(iter(self._counted))]
        self.pulse.count(ticks, kind)
        self.beat += 1
        return True

    def _note(self, text: str) -> None:
        self.told = text
        self.beat += 1
