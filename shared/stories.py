"""Stories: records folded into what people ask. What became of this SMS? What was said in this thread?

Both folds are pure, and blind to order and duplicates: where records disagree the newest `Version` wins, then the
event time, then the digest. What the records leave open is named as a gap, never guessed.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from shared.events.event import Event, Kind
from shared.events.facts import DeliveryAttempt
from shared.events.timestamps import Instant

_ORIGINALS = frozenset({Kind.MESSAGE_RECEIVED, Kind.BOT_COMMAND_RECEIVED})
_OF_A_MESSAGE = _ORIGINALS | {Kind.MESSAGE_EDITED, Kind.MESSAGE_DELETED}


class SmsStory(msgspec.Struct, frozen=True, omit_defaults=True):
    """The state of one SMS.

    Attributes:
        message_id: the id that ACS gave the message.
        direction: `inbound` or `outbound`.
        sender: normalized address of the sender.
        recipient: normalized address of the recipient.
        status: `Received` for an inbound message, else the newest delivery status.
        details: the carrier's words on the status.
        text: body of an inbound message; ACS keeps none of outbound ones, and its reports carry none.
        segments: how many segments an inbound message came in.
        tag: the tag given when the message was sent.
        attempts: every delivery attempt that any report told of, oldest first.
        first_event: time of the oldest event, as Edm.DateTime.
        last_event: time of the newest event, as Edm.DateTime.
        events: how many different events there are.
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
    attempts: tuple[DeliveryAttempt, ...] = ()
    first_event: str = ""
    last_event: str = ""
    events: int = 0


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of a thread as it stands after all edits.

    Attributes:
        message_id: the id that ACS gave the message; empty where the event named none.
        sender_id: raw id of the sender.
        sender_name: display name of the sender.
        composed_at: when it was sent, as Edm.DateTime.
        text: the body after the newest edit; None once deleted.
        edits: how many different edits there are.
        deleted_at: when it was deleted, as Edm.DateTime.
        gap: what is missing from the record, in words.
    """

    message_id: str
    sender_id: str | None
    sender_name: str | None
    composed_at: str | None
    text: str | None
    edits: int = 0
    deleted_at: str | None = None
    gap: str | None = None


class Participant(msgspec.Struct, frozen=True, omit_defaults=True):
    """Someone in a thread."""

    id: str
    display_name: str | None = None


class Transcript(msgspec.Struct, frozen=True, omit_defaults=True):
    """A thread as its records tell it.

    Attributes:
        thread_id: the thread.
        topic: the newest topic.
        participants: who is in the thread now, by id.
        messages: all messages, oldest first.
        created_at: when the thread was created, as Edm.DateTime.
        deleted_at: when it was deleted, as Edm.DateTime.
        gaps: what is missing from the record, in words.
    """

    thread_id: str
    topic: str | None
    participants: tuple[Participant, ...]
    messages: tuple[Message, ...]
    created_at: str | None = None
    deleted_at: str | None = None
    gaps: tuple[str, ...] = ()


def tell_sms(records: Iterable[Event]) -> SmsStory | None:
    """Tell the state of one SMS from its records; None without any."""
    events = _in_order(records)
    if not events:
        return None
    newest = events[-1].facts
    times = [_edm(event.facts.occurred_at) or "" for event in events]
    attempts = {_attempt(attempt): attempt for event in events for attempt in event.facts.delivery_attempts or ()}
    return SmsStory(
        message_id=newest.message_id or "",
        direction=newest.direction or "",
        sender=_newest(events, "from_"),
        recipient=_newest(events, "to"),
        status="Received" if newest.direction == "inbound" else _newest(events, "delivery_status"),
        details=_newest(events, "delivery_status_details"),
        text=_newest(events, "body"),
        segments=_newest(events, "segment_count"),
        tag=_newest(events, "tag"),
        attempts=tuple(attempts[identity] for identity in sorted(attempts)),
        first_event=min(times),
        last_event=max(times),
        events=len(events),
    )


def _attempt(attempt: DeliveryAttempt) -> tuple[int, str, int, int]:
    """Tell attempts apart and order them by the instant, however it is spelled."""
    written = attempt.timestamp or ""
    try:
        ticks, spelling = Instant.parse(written).ticks, ""
    except ValueError:
        ticks, spelling = 0, written
    return ticks, spelling, attempt.segments_succeeded or 0, attempt.segments_failed or 0


def tell_thread(records: Iterable[Event]) -> Transcript | None:
    """Tell the transcript of one thread from its thread-level or user-level records, or both; None without any."""
    events = _in_order(records)
    if not events:
        return None
    messages = _messages(events)
    participants, gaps = _participants(events)
    if not any(event.kind is Kind.THREAD_CREATED for event in events):
        gaps.insert(0, "the thread's creation is not recorded: earlier participants and messages may be missing")
    gaps += [f"message {message.message_id}: {message.gap}" for message in messages if message.gap]
    deletions = [event for event in events if event.kind is Kind.THREAD_DELETED]
    return Transcript(
        thread_id=_newest(events, "thread_id") or "",
        topic=_newest(events, "thread_topic"),
        participants=participants,
        messages=messages,
        created_at=_edm(_newest(events, "thread_created_at")),
        deleted_at=_edm(_newest(deletions, "occurred_at")),
        gaps=tuple(gaps),
    )


def _in_order(records: Iterable[Event]) -> list[Event]:
    """Put records in their order, oldest first, each event once."""
    return sorted({record.digest: record for record in records}.values(), key=_order)


def _order(record: Event) -> tuple[int, int, str]:
    version = record.facts.version
    return (-1 if version is None else version, record.ticks, record.digest)


def _newest(events: Iterable[Event], fact: str) -> Any:
    """Return the newest value of a fact that any event carries."""
    values = (getattr(event.facts, fact) for event in reversed(list(events)))
    return next((value for value in values if value is not None), None)


def _edm(instant: Instant | None) -> str | None:
    return None if instant is None else instant.edm


def _messages(events: Iterable[Event]) -> tuple[Message, ...]:
    by_message: dict[str, list[Event]] = {}
    for event in events:
        if event.kind in _OF_A_MESSAGE:
            # Events that name no message cannot be told to be of one: each stands alone.
            by_message.setdefault(event.facts.message_id or f"~{event.digest}", []).append(event)
    messages = [_message(group) for group in by_message.values()]
    return tuple(sorted(messages, key=lambda message: (message.composed_at or "", message.message_id)))


def _message(events: list[Event]) -> Message:
    if any(event.facts.version is None for event in events):
        # Versions order events only among themselves: a deletion without one must not count as the oldest.
        events = sorted(events, key=lambda event: (event.ticks, event.digest))
    newest = events[-1]
    deleted = newest.kind is Kind.MESSAGE_DELETED
    text = None if deleted else _newest((event for event in events if _state(event) == _state(newest)), "body")
    edits = {_state(event) for event in events if event.kind is Kind.MESSAGE_EDITED}
    gap = None
    if not any(event.kind in _ORIGINALS for event in events):
        gap = "its original is not recorded"
    elif text is None and not deleted:
        gap = "its text is not recorded"
    return Message(
        message_id=newest.facts.message_id or "",
        sender_id=_newest(events, "sender_id"),
        sender_name=_newest(events, "sender_display_name"),
        composed_at=_edm(_newest(events, "composed_at") or events[0].facts.occurred_at),
        text=text,
        edits=len(edits),
        deleted_at=_edm(newest.facts.occurred_at) if deleted else None,
        gap=gap,
    )


def _state(event: Event) -> object:
    """Tell states of a message apart: user-level events repeat each for every recipient, with its version and time."""
    version = event.facts.version
    return event.facts.occurred_at if version is None else version


def _participants(events: Iterable[Event]) -> tuple[tuple[Participant, ...], list[str]]:
    present: dict[str, Participant] = {}
    gone: set[str] = set()  # user-level events tell every recipient that someone left
    gaps: list[str] = []
    for event in events:
        if event.kind is Kind.THREAD_CREATED:
            listed = event.facts.participants or ()
            if event.facts.participants is None:
                gaps.append("the participants of the created thread are not recorded")
            present |= {one.id: Participant(one.id, one.display_name) for one in listed if one.id}
        someone = event.facts.participant_id
        if someone is None:
            continue
        if event.kind is Kind.PARTICIPANT_ADDED:
            present[someone] = Participant(someone, event.facts.participant_display_name)
            continue
        if present.pop(someone, None) is None and someone not in gone:
            gaps.append(f"participant {someone}: joining is not recorded")
        gone.add(someone)
    return tuple(present[one] for one in sorted(present)), gaps
