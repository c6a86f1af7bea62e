"""The delivery report of a number, counted in constant memory."""

from fractions import Fraction
from itertools import accumulate

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.lookups.report import Report
from shared.stories import Attempt, SmsStory

FIRST = "2026-01-02T03:00:00Z"


def story(status: str | None, details: str | None = None, seconds: float | None = None) -> SmsStory:
    """Return a sent message that was delivered after some seconds."""
    attempts = () if seconds is None else (Attempt(FIRST, 1, 0),)
    told = round((seconds or 0) * 10_000_000)
    reported = f"2026-01-02T{3 + told // 36_000_000_000:02}:{told // 600_000_000 % 60:02}:{told // 10_000_000 % 60:02}"
    return SmsStory(
        *("m", "outbound", "+1", "+2", status),
        details=details,
        attempts=attempts,
        last_event=f"{reported}.{told % 10_000_000:07}Z",
    )


def test_messages_are_counted_by_status_and_reason() -> None:
    """Received messages are counted apart; only undelivered ones have a reason."""
    report = Report("+15550002222")
    report.add(SmsStory("m", "inbound", "+1", "+2", "Received"))
    for status, details in [
        *[("Delivered", "No error.")] * 3,
        *[("Failed", "Sender blocked for given recipient.")] * 2,
        ("Failed", None),
        (None, None),
    ]:
        report.add(story(status, details))
    told = report.result()

    assert (told.received, told.sent) == (1, 7)
    assert {"Delivered": 3, "Failed": 3, "unknown": 1} == told.statuses
    assert {"Sender blocked for given recipient.": 2, "no reason given": 2} == told.reasons
    assert told.seconds is None


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 30_000), min_size=1, max_size=300))
def test_percentiles_are_right_to_two_per_cent(seconds: list[float]) -> None:
    """Compared with the exact ones, for any times."""
    report = Report("+15550002222")
    for one in seconds:
        report.add(story("Delivered", seconds=one))
    told = report.result().seconds
    exact = sorted(seconds)

    assert told is not None
    assert len(seconds) == told.messages
    assert exact[-1] == pytest.approx(told.longest, abs=0.001)
    for share, percentile in ((50, told.p50), (90, told.p90), (99, told.p99)):
        # The smallest time that so many hundredths of the messages do not exceed.
        rank = -(-Fraction(share * len(exact), 100) // 1)
        assert abs(percentile - exact[int(rank) - 1]) <= 0.02 * exact[int(rank) - 1] + 0.001


@settings(deadline=None)
@given(st.lists(st.floats(0.001, 30_000), min_size=1, max_size=300))
def test_every_time_is_counted_between_its_edges(seconds: list[float]) -> None:
    """Each message once; from the first span that has any to the last."""
    report = Report("+15550002222")
    for one in seconds:
        report.add(story("Delivered", seconds=one))
    told = report.result().seconds

    assert told is not None
    edges = [edge for edge, _ in told.spread]
    counts = [count for _, count in told.spread]
    assert edges == sorted(set(edges))
    assert sum(counts) == told.messages
    assert 0 < counts[0]
    assert 0 < counts[-1]
    for edge, count in zip(edges, accumulate(counts), strict=True):
        surely, perhaps = (sum(one <= edge * share for one in seconds) for share in (0.98, 1.02))
        assert surely <= count <= perhaps or edge == edges[-1]


def test_whoever_writes_a_new_reason_into_each_report_does_not_fill_memory() -> None:
    """A hundred reasons are counted separately, all others together."""
    report = Report("+15550002222")
    for number in range(500):
        report.add(story("Failed", f"reason {number}"))
    told = report.result()

    assert len(told.reasons) == 101
    assert told.reasons["other reasons"] == 400
    assert sum(told.reasons.values()) == 500


def test_messages_whose_times_cannot_be_read_are_counted_without_them() -> None:
    """By their status; how long the others took is told of the others only."""
    report = Report("+15550002222")
    for timestamp in ("yesterday", None):
        report.add(SmsStory("m", "outbound", "+1", "+2", "Delivered", attempts=(Attempt(timestamp),), last_event=FIRST))
    untimed = report.result()
    report.add(story("Delivered", seconds=3))
    told = report.result()

    assert ({"Delivered": 2}, None) == (untimed.statuses, untimed.seconds)
    assert {"Delivered": 3} == told.statuses
    assert told.seconds is not None
    assert (1, 3.0) == (told.seconds.messages, told.seconds.longest)
