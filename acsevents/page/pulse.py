"""Statistics of the last hour: events per minute and kind, dead letters per minute, and the storage lag."""

import math
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.events.event import Kind
from shared.events.timestamps import TICKS_PER_SECOND, Instant, edm
from shared.lookups import EventLine
from shared.lookups.reader import ticks_of

MINUTES: Final = 60
_MINUTE: Final = 60 * TICKS_PER_SECOND
_LAGS: Final = 500  # events
_KINDS: Final = [kind.value for kind in Kind]


class Minute(NamedTuple):
    """One minute of the chart.

    Attributes:
        begin: its first second, as Edm.DateTime.
        counts: events of each kind in it, by the time of the event.
        dead_letters: how many were written in it.
    """

    begin: str
    counts: dict[str, int]
    dead_letters: int

    @property
    def total(self) -> int:
        """All events of the minute."""
        return sum(self.counts.values())


class Lag(NamedTuple):
    """Seconds between the time of an event and the writing of its row.

    Attributes:
        median: the median.
        p95: the 95th percentile.
        arrivals: the number of events measured.
    """

    median: float
    p95: float
    arrivals: int


class Pulse:
    """Counts events.

    Attributes:
        counted_from: the time from which all events are counted, as Edm.DateTime; None until that is known.
        dead_letters: their number by minute.
    """

    def __init__(self) -> None:
        self.counted_from: str | None = None
        self.dead_letters: Counter[int] = Counter()
        self._counts: dict[int, Counter[str]] = {}
        self._lags: deque[float] = deque(maxlen=_LAGS)

    def count(self, ticks: int, kind: str) -> None:
        """Count an event in the minute of its own time."""
        self._counts.setdefault(minute_of(ticks), Counter())[kind] += 1

    def time(self, line: EventLine) -> None:
        """Add the lag of an event that was seen for the first time."""
        if line.written is not None:
            written, happened = Instant.parse(line.written).ticks, Instant.parse(line.time).ticks
            self._lags.append((written - happened) / TICKS_PER_SECOND)

    def minutes(self, now: datetime) -> list[Minute]:
        """Return the last hour, oldest minute first; forget older minutes."""
        last = ticks_of(now) // _MINUTE
        first = last - MINUTES + 1
        for old in [minute for minute in self._counts if minute < first]:
            del self._counts[old]
        return [*self._last_hour(first, last)]

    def lag(self) -> Lag | None:
        """Return the lag of the latest events; None without any."""
        if not self._lags:
            return None
        lags = sorted(self._lags)
        return Lag(lags[len(lags) // 2], lags[math.ceil(len(lags) * 0.95) - 1], len(lags))

    def _last_hour(self, first: int, last: int) -> Iterator[Minute]:
        for minute in range(first, last + 1):
            counts = self._counts.get(minute, Counter[str]())
            yield Minute(edm(minute * _MINUTE), in_order(counts), self.dead_letters[minute])


def in_order(counts: Mapping[str, int]) -> dict[str, int]:
    """Return counts of kinds in the order of the kinds; unknown kinds come last."""
    return {kind: counts[kind] for kind in (*_KINDS, *sorted(counts.keys() - _KINDS)) if kind in counts}


def minute_of(ticks: int) -> int:
    """Return which minute some ticks are in."""
    return ticks // _MINUTE


def an_hour_before(now: datetime) -> int:
    """Return the ticks of the first moment of the last hour."""
    begin = now - timedelta(minutes=MINUTES - 1)
    return ticks_of(begin) // _MINUTE * _MINUTE
