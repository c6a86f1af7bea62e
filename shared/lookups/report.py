"""Delivery report of a number, counted message by message in constant memory."""

import math
from collections import Counter
from itertools import accumulate
from typing import Final

import msgspec

from shared.events.timestamps import TICKS_PER_SECOND, Instant
from shared.stories import SmsStory

_PRECISION: Final = 1.02  # ratio between the bounds of neighbouring buckets
_SHORTEST: Final = 0.001
_MOST_REASONS: Final = 100  # carriers use some dozens; a bound, in case every report has another
_OTHERS: Final = "other reasons"
_DELIVERED: Final = "Delivered"
_EDGES: Final = (0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1_800, 3_600, math.inf)  # seconds


class DeliverySeconds(msgspec.Struct, frozen=True):
    """Percentiles of the time to delivery in seconds, accurate to 2 %.

    Attributes:
        p50: the median.
        p90: the 90th percentile.
        p99: the 99th percentile.
        longest: the maximum.
        messages: the number of delivered messages whose first attempt has a time.
        spread: pairs of an upper bound in seconds and the number of messages between it and the bound before.
    """

    p50: float
    p90: float
    p99: float
    longest: float
    messages: int
    spread: tuple[tuple[float, int], ...] = ()


class SmsReport(msgspec.Struct, frozen=True, omit_defaults=True):
    """The outcome of the messages of one number.

    Attributes:
        number: the number.
        received: number of messages received.
        sent: number of messages sent that have delivery reports.
        statuses: number of sent messages by current status.
        reasons: number of undelivered messages by status details.
        seconds: time from the first attempt to the report of the delivery.
    """

    number: str
    received: int
    sent: int
    statuses: dict[str, int]
    reasons: dict[str, int]
    seconds: DeliverySeconds | None = None


class Report:
    """Counts the stories of messages."""

    def __init__(self, number: str) -> None:
        self._number = number
        self._received = 0
        self._statuses: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._times: Counter[int] = Counter()
        self._longest = 0.0

    def add(self, story: SmsStory) -> None:
        """Count one message."""
        if story.direction == "inbound":
            self._received += 1
            return
        self._statuses[story.status or "unknown"] += 1
        if story.status == _DELIVERED:
            self._add_time(story)
            return
        reason = story.details or "no reason given"
        full = len(self._reasons) >= _MOST_REASONS and reason not in self._reasons
        self._reasons[_OTHERS if full else reason] += 1

    def result(self) -> SmsReport:
        """Return the counts."""
        return SmsReport(
            number=self._number,
            received=self._received,
            sent=self._statuses.total(),
            statuses=dict(self._statuses.most_common()),
            reasons=dict(self._reasons.most_common()),
            seconds=self._seconds(),
        )

    def _add_time(self, story: SmsStory) -> None:
        tried = [ticks for ticks in (_ticks(attempt.timestamp) for attempt in story.attempts) if ticks is not None]
        reported = _ticks(story.last_event)
        if tried and reported is not None:
            seconds = max(reported - min(tried), 0) / TICKS_PER_SECOND
            self._longest = max(self._longest, seconds)
            self._times[math.floor(math.log(max(seconds, _SHORTEST), _PRECISION))] += 1

    def _seconds(self) -> DeliverySeconds | None:
        if not self._times:
            return None
        p50, p90, p99 = (self._percentile(share) for share in (0.5, 0.9, 0.99))
        return DeliverySeconds(p50, p90, p99, round(self._longest, 3), self._times.total(), self._spread())

    def _spread(self) -> tuple[tuple[float, int], ...]:
        """Count the times between some edges, from the first to the last that has any."""
        counts = [0] * len(_EDGES)
        for bucket, messages in self._times.items():
            middle = math.pow(_PRECISION, bucket + 0.5)
            counts[next(number for number, edge in enumerate(_EDGES) if middle <= edge)] += messages
        told = [number for number, count in enumerate(counts) if count]
        edges = (*_EDGES[:-1], max(self._longest, _EDGES[-2]))
        return tuple((float(edges[number]), counts[number]) for number in range(told[0], told[-1] + 1))

    def _percentile(self, share: float) -> float:
        wanted = share * self._times.total()
        buckets = sorted(self._times)
        reached = accumulate(self._times[bucket] for bucket in buckets)
        bucket = next(bucket for bucket, messages in zip(buckets, reached, strict=True) if messages >= wanted)
        return round(min(math.pow(_PRECISION, bucket + 0.5), self._longest), 3)


def _ticks(written: str | None) -> int | None:
    try:
        return Instant.parse(written).ticks
    except ValueError:
        return None
