"""The messages of a thread, each as it stands after all edits and deletions."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import msgspec

from shared.events.event import Event, Kind
from shared.events.timestamps import edm
from shared.stories.order import Change, Moment, Settled, changes, in_order, known_name, last, newest, settle

_ORIGINALS: Final = frozenset({Kind.MESSAGE_RECEIVED, Kind.BOT_COMMAND_RECEIVED})
OF_A_MESSAGE: Final = _ORIGINALS | {Kind.MESSAGE_EDITED, Kind.MESSAGE_DELETED}


class Message(msgspec.Struct, frozen=True, omit_defaults=True):
    """One message of a thread as it stands after all edits.

    Attributes:
        message_id: the message's id; empty if the event has none.
        sender_id: raw id of the sender.
        sender_name: display name of the sender.
        composed_at: when it was sent, as Edm.DateTime.
        text: the body after the newest edit; None if the message is deleted or its text cannot be decided.
        edits: the number of different edits.
        deleted_at: when it was deleted, as Edm.DateTime.
        gap: what the events leave open, in words.
    """

    message_id: str
    sender_id: str | None
    sender_name: str | None
    composed_at: str | None
    text: str | None
    edits: int = 0
    deleted_at: str | None = None
    gap: str | None = None


def tell_messages(events: Iterable[Event]) -> tuple[Message, ...]:
    """Return all messages in the events, oldest first."""
    placed = sorted((_with_original(history) for history in _histories(events)), key=lambda one: one[1].message_id)
    return tuple(message for _, message in in_order(placed, lambda one: one[0]))


def _histories(events: Iterable[Event]) -> list[list[Change]]:
    """Return the changes of each message, in order."""
    by_id: defaultdict[str, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind in OF_A_MESSAGE:
            by_id[event.facts.message_id or ""].append(event)
    # Changes without a message id cannot be assigned to a message, so each is a message of its own.
    alone = changes(by_id.pop("", ()), lambda event: (event.facts.sender_id, event.facts.body))
    return [[change] for change in alone] + [changes(group, lambda event: event.facts.body) for group in by_id.values()]


def _with_original(history: list[Change]) -> tuple[Change, Message]:
    """Return a message with the change that determines its place in the thread: its original, recorded or not."""
    composed = _composed(history)
    original = history[0]
    if original.kind not in _ORIGINALS:
        original = Change(Kind.MESSAGE_RECEIVED, None, Moment(composed, 0, composed, delivered=False))
    return original, _message(history, composed)


def _composed(history: list[Change]) -> int:
    for change in history:
        times = [event.facts.composed_at.ticks for event in change.events if event.facts.composed_at is not None]
        if times:
            return min(times)
    return history[0].moment.occurred


def _message(history: list[Change], composed: int) -> Message:
    end = history[-1]
    deleted = end.kind is Kind.MESSAGE_DELETED
    text = Settled[str](None) if deleted else _text(history)
    sender = settle(newest(history, lambda event: event.facts.sender_id), "its sender")
    name = settle(newest(history, _sender_name), "its sender's name")
    return Message(
        message_id=end.events[0].facts.message_id or "",
        text=text.value,
        edits=sum(change.kind is Kind.MESSAGE_EDITED for change in history),
        deleted_at=edm(end.moment.occurred) if deleted else None,
        sender_id=sender.value,
        sender_name=name.value,
        composed_at=edm(composed),
        gap="; ".join((*_gaps_before(history[0]), *text.gaps, *sender.gaps, *name.gaps)) or None,
    )


def _gaps_before(first: Change) -> tuple[str, ...]:
    """Return what cannot be told because of what the first change is."""
    if first.kind not in _ORIGINALS:
        return ("its original is not recorded",)
    if not first.events[0].facts.message_id:
        return ("it has no id, so edits and a deletion of it cannot be told",)
    return ()


def _text(history: list[Change]) -> Settled[str]:
    """Return the text of the last change; an earlier text would be wrong."""
    texts = {event.facts.body for change in last(history) for event in change.events if event.facts.body is not None}
    return settle(texts, "its text") if texts else Settled(None, ("its text is not recorded",))


def _sender_name(event: Event) -> str | None:
    return known_name(event.facts.sender_display_name)
