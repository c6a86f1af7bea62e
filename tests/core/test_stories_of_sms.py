"""The story of one SMS: its state and its delivery attempts."""

from itertools import permutations
from typing import Any

import pytest

from shared.decoder import decode
from shared.events.event import Event
from shared.stories import Attempt, SmsStory, tell_sms
from tests import samples
from tests.core.happenings import at, edm, event, report
from tests.core.strategies import delivered


def story_of(*events: Event) -> SmsStory:
    """Return the story, which must be the same in any order of arrival."""
    told = {tell_sms(order) for order in permutations(events)}
    assert len(told) == 1
    (story,) = told
    assert story is not None
    return story


def received(second: float, text: str | None, **data: Any) -> Event:
    """Return the event of the received message `In_1`."""
    said = {"messageId": "In_1", "from": "+15555550123", "to": "+15555550100", "message": text}
    return event("SMSReceived", second, **said | {"receivedTimestamp": at(second)} | data)


def test_a_received_sms_tells_its_text() -> None:
    """Once, however often and in whichever schema it was delivered."""
    grid = samples.event("2025/SMSReceived")
    story = story_of(*(decode(delivered(grid, form)) for form in samples.FORMS))

    assert (story.status, story.direction, story.text, story.segments) == (
        "Received",
        "inbound",
        grid["data"]["message"],
        1,
    )
    assert (story.sender, story.recipient, story.events) == ("+15555550123", "+15555550100", 1)
    assert story.first_event == story.last_event == "2025-01-29T17:04:31.2855749Z"
    assert story.gaps == ()


def test_a_sent_sms_tells_its_newest_status_and_when_it_was_heard_of() -> None:
    """With both parties and the tag, which a later report need not repeat."""
    story = story_of(report(8, "Delivered", tag=""), report(2, "Failed", tag="t"))

    assert (story.status, story.tag, story.events, story.direction) == ("Delivered", "t", 2, "outbound")
    assert (story.first_event, story.last_event) == (edm(2), edm(8))
    assert (story.sender, story.recipient, story.text) == ("+15555550100", "+15555550123", None)


@pytest.mark.parametrize("status", ["Failed", "Delivered"])
def test_the_time_of_the_report_decides_and_not_when_it_was_published(status: str) -> None:
    """Even if envelope times are equal or in the wrong order."""
    for published in (9, 0):
        story = story_of(report(5, "Expired", published=9), report(6, status, published=published))

        assert (story.status, story.last_event, story.gaps) == (status, edm(6), ())


def test_the_envelope_decides_between_reports_of_one_time() -> None:
    """If all else is equal, the one published later is later."""
    story = story_of(report(5, "Delivered", published=7), report(5, "Failed", published=8))

    assert (story.status, story.gaps) == ("Failed", ())


@pytest.mark.parametrize("event_id", ["1", "2", "3", "4", "5", "6"])
def test_delivered_comes_after_failed_of_the_same_time(event_id: str) -> None:
    """Both attempts are shown, and `Delivered` is the status, whatever the ids."""
    attempts = [[{"timestamp": at(5), "segmentsSucceeded": one, "segmentsFailed": 1 - one}] for one in (0, 1)]
    story = story_of(
        report(5.1, "Delivered", event_id=event_id, deliveryAttempts=attempts[1], receivedTimestamp=at(5)),
        report(5.1, "Failed", event_id="0", deliveryAttempts=attempts[0], receivedTimestamp=at(5)),
    )

    assert (story.status, story.gaps) == ("Delivered", ())
    assert story.attempts == (Attempt(at(5), 0, 1), Attempt(at(5), 1, 0))


@pytest.mark.parametrize(
    ("one", "other", "status", "gap"),
    [
        (("Failed", None), ("Expired", None), None, "its status is not certain: 2 values have the same time"),
        (("Failed", "x"), ("Expired", "y"), None, "its status is not certain: 2 values have the same time"),
        (
            ("Failed", "x"),
            ("Failed", "y"),
            "Failed",
            "what is said of its status is not certain: 2 values have the same time",
        ),
    ],
)
def test_two_reports_of_one_rank_and_time_are_a_gap(
    one: tuple[str, str | None], other: tuple[str, str | None], status: str | None, gap: str
) -> None:
    """Neither status is chosen, and no detail that belongs to only one of them."""
    both = [report(5, told, deliveryStatusDetails=details) for told, details in (one, other)]
    story = story_of(report(1, "Failed", deliveryStatusDetails="old"), *both)

    assert (story.status, story.details, story.gaps) == (status, None, (gap,))


def test_details_that_one_of_two_equal_reports_leaves_out_are_no_gap() -> None:
    """Nothing contradicts them."""
    story = story_of(report(5, "Failed"), report(5, "Failed", deliveryStatusDetails="busy"))

    assert (story.status, story.details, story.gaps) == ("Failed", "busy", ())


@pytest.mark.parametrize("details", [None, ""])
def test_status_and_details_come_from_one_report(details: str | None) -> None:
    """Details of a failure do not apply to the delivery after it."""
    story = story_of(
        report(3, "Failed", deliveryStatusDetails="Sender blocked for given recipient."),
        report(9, "Delivered", deliveryStatusDetails=details),
    )

    assert (story.status, story.details, story.gaps) == ("Delivered", None, ())


def test_a_newest_report_without_a_status_is_a_gap() -> None:
    """The last known status is shown with a gap."""
    before = report(3, "Failed", deliveryStatusDetails="busy")
    story = story_of(before, report(9, None, deliveryStatusDetails="No error."))

    assert (story.status, story.details, story.gaps) == ("Failed", "busy", ("its newest report tells no status",))
    assert story_of(report(9, None)).gaps == story.gaps
    assert story_of(report(1, None), before).gaps == ()


def test_reports_repeat_earlier_attempts_and_each_is_told_once() -> None:
    """With times in any notation, oldest first."""
    first = {"timestamp": "2021-02-20T01:00:00Z", "segmentsSucceeded": 0, "segmentsFailed": 1}
    again = {**first, "timestamp": "2021-02-20T02:00:00.000+01:00"}
    second = {"timestamp": "2021-02-20T01:00:00.5Z", "segmentsSucceeded": 1, "segmentsFailed": 0}
    story = story_of(
        report(9, "Delivered", deliveryAttempts=[second, again]), report(3, "Failed", deliveryAttempts=[first])
    )

    assert [(attempt.segments_succeeded, attempt.segments_failed) for attempt in story.attempts] == [(0, 1), (1, 0)]


def test_equal_attempts_of_one_report_are_all_told() -> None:
    """Two attempts in one second look alike; repeated reports do not add to them."""
    once, odd = {"timestamp": at(0), "segmentsSucceeded": 0, "segmentsFailed": 1}, {"timestamp": "soon"}
    story = story_of(
        report(3, "Failed", deliveryAttempts=[once]),
        report(5, "Failed", deliveryAttempts=[once, odd, once]),
        report(9, "Delivered", deliveryAttempts=[odd, once, once]),
    )

    assert story.attempts == (Attempt("soon"), Attempt(at(0), 0, 1), Attempt(at(0), 0, 1))


def test_one_report_is_counted_once_however_it_is_spelled_and_published() -> None:
    """The same instant with another offset is another row, but the same report."""
    tries = [[{"timestamp": at(4, hours=hours)}] for hours in (0, -8)]
    story = story_of(
        report(5, "Delivered", receivedTimestamp=at(5, hours=-8), deliveryAttempts=tries[1]),
        report(5, "Delivered", published=6, event_id="2", deliveryAttempts=tries[0]),
        report(5, "Delivered", deliveryAttempts=tries[0]),
    )

    assert (story.events, story.first_event, story.last_event, len(story.attempts)) == (1, edm(5), edm(5), 1)


@pytest.mark.parametrize("data", [{"tag": "t"}, {"deliveryAttempts": [{}]}, {"deliveryStatusDetails": "busy"}])
def test_reports_of_one_time_that_say_something_else_are_two(data: dict[str, Any]) -> None:
    """They count as two events."""
    assert story_of(report(5, "Failed"), report(5, "Failed", **data)).events == 2
    assert story_of(received(1, "a"), received(1, "b")).events == 2


@pytest.mark.parametrize("event_id", ["1", "2", "3", "4"])
def test_what_else_is_told_in_two_ways_for_one_time_is_a_gap(event_id: str) -> None:
    """Digests do not decide it, whatever the ids."""
    story = story_of(report(5, "Failed", tag="a", event_id=event_id), report(5, "Failed", tag="b", event_id="0"))

    assert (story.tag, story.gaps) == (None, ("its tag is not certain: 2 values have the same time",))


def test_a_received_sms_whose_text_is_missing_or_doubtful_says_so() -> None:
    """An empty text counts as a text."""
    assert story_of(received(1, None)).gaps == ("its text is not recorded",)
    assert (story_of(received(1, "")).text, story_of(received(1, "")).gaps) == ("", ())
    story = story_of(received(1, "a"), received(1, "b"))
    assert (story.text, story.gaps) == (None, ("its text is not certain: 2 values have the same time",))
