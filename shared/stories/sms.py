"""The story of one SMS: its state and its delivery attempts."""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import NamedTuple

import msgspec

from shared.events.event import Event, Kind
from shared.events.facts import DeliveryAttempt, Facts
from shared.events.timestamps import Instant, edm
from shared.stories.order import Change, changes, last, newest, settle


class Attempt(msgspec.Struct, rename="camel", frozen=True, omit_defaults=True):
    """One attempt to deliver the message to the carrier; `timestamp` is spelled as in the report."""

    timestamp: str | None = None
    segments_succeeded: int | None = None
    segments_failed: int | None = None


class SmsStory(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of one SMS.

    Attributes:
        message_id: the id that ACS gave the message.
        direction: `inbound` or `outbound`.
        sender: normalized address of the sender.
        recipient: normalized address of the recipient.
        status: `Received` for an inbound message, else the newest delivery status.
        details: the carrier's details of that status, from the same report.
        text: body of an inbound message; events of outbound messages have none.
        segments: number of segments of an inbound message.
        tag: the tag given when the message was sent.
        attempts: every delivery attempt in any report, oldest first.
        first_event: time of the first change, as Edm.DateTime.
        last_event: time of the last change, as Edm.DateTime.
        events: number of different changes.
        gaps: what the events leave open, in words.
    """

    message_id: str
    direction: str
    sender: str | None
    recipient: str | None
    status: str | None
    details: str | None = None
    text: str | None = None
    segments: int | None = None
    tag: str | None = None
    attempts: tuple[Attempt, ...] = ()
    first_event: str = ""
    last_event: str = ""
    events: int = 0
    gaps: tuple[str, ...] = ()


def tell_sms(events: Iterable[Event]) -> SmsStory | None:
    """Return the state of one SMS from its events, or None if there are none."""
    history = changes(events, _said)
    if not history:
        return None
    inbound = history[-1].kind is Kind.SMS_RECEIVED
    status = _Status("Received") if inbound else _status(history)
    texts = newest(history, lambda event: event.facts.body)
    sender = settle(newest(history, lambda event: event.facts.from_ or None), "its sender")
    recipient = settle(newest(history, lambda event: event.facts.to or None), "its recipient")
    text = settle(texts, "its text")
    segments = settle(newest(history, _segments), "its number of segments")
    tag = settle(newest(history, lambda event: event.facts.tag or None), "its tag")
    missing = ["its text is not recorded"] if inbound and not texts else []
    times = [change.moment.occurred for change in history]
    return SmsStory(
        message_id=_report(history[-1]).message_id or "",
        direction="inbound" if inbound else "outbound",
        sender=sender.value,
        recipient=recipient.value,
        status=status.status,
        details=status.details,
        text=text.value,
        segments=segments.value,
        tag=tag.value,
        attempts=_attempts(history),
        first_event=edm(min(times)),
        last_event=edm(max(times)),
        events=len(history),
        gaps=(*status.gaps, *missing, *sender.gaps, *recipient.gaps, *text.gaps, *segments.gaps, *tag.gaps),
    )


def _said(event: Event) -> Hashable:
    facts = event.facts
    attempts = Counter(_identity(attempt) for attempt in facts.delivery_attempts or ())
    return facts.body, facts.delivery_status, facts.delivery_status_details, facts.tag, frozenset(attempts.items())


class _Status(NamedTuple):
    status: str | None = None
    details: str | None = None
    gaps: tuple[str, ...] = ()


def _status(history: list[Change]) -> _Status:
    """Return the newest status, and its details from the same report."""
    told = any(_report(change).delivery_status for change in last(history))
    untold = () if told else ("its newest report tells no status",)
    telling = [change for change in history if _report(change).delivery_status]
    if not telling:
        return _Status(gaps=untold)
    reports = [_report(change) for change in last(telling)]
    status = settle({report.delivery_status for report in reports}, "its status")
    if status.value is None:
        return _Status(gaps=(*untold, *status.gaps))
    details = settle(
        {report.delivery_status_details for report in reports if report.delivery_status_details},
        "what is said of its status",
    )
    return _Status(status.value, details.value, (*untold, *details.gaps))


def _report(change: Change) -> Facts:
    return change.events[0].facts  # all events of a change agree on it


def _segments(event: Event) -> int | None:
    # Stories have plain ints, which JSON encoders support.
    return None if event.facts.segment_count is None else int(event.facts.segment_count)


def _attempts(history: list[Change]) -> tuple[Attempt, ...]:
    """Return all attempts. Reports repeat earlier attempts, so each counts as often as one report contains it."""
    spelled: dict[_Identity, str | None] = {}
    most: Counter[_Identity] = Counter()
    for event in (event for change in history for event in change.events):
        attempts = event.facts.delivery_attempts or ()
        most |= Counter(_identity(attempt) for attempt in attempts)
        for attempt in attempts:
            spelled.setdefault(_identity(attempt), attempt.timestamp)
    return tuple(Attempt(spelled[one], one.succeeded, one.failed) for one in sorted(most.elements(), key=_untold_first))


class _Identity(NamedTuple):
    """What identifies an attempt and orders it; times in different notations are equal."""

    ticks: int | None
    unreadable: str
    succeeded: int | None
    failed: int | None


def _identity(attempt: DeliveryAttempt) -> _Identity:
    written = attempt.timestamp or ""
    counts = (None if count is None else int(count) for count in (attempt.segments_succeeded, attempt.segments_failed))
    try:
        return _Identity(Instant.parse(written).ticks, "", *counts)
    except ValueError:
        return _Identity(None, written, *counts)


def _untold_first(identity: _Identity) -> tuple[tuple[bool, object], ...]:
    return tuple((part is not None, part) for part in identity)
