"""The line that a list shows of an event, from its row in `Timeline` or from its record."""

import json
from typing import Any, Final

import msgspec

from shared.events.event import Kind
from shared.events.timestamps import edm
from shared.lookups.handles import Handle
from shared.lookups.reader import Row
from shared.rows.columns import EXCERPT_UNITS
from shared.rows.text import utf16_units

SHOWN: Final = (
    *("PartitionKey", "RowKey", "EventType", "Kind", "Number", "Peer", "Direction", "DeliveryStatus"),
    *("ThreadId", "MessageId", "Body", "ThreadTopic", "SenderId", "SenderDisplayName", "RecipientId"),
    *("InitiatorId", "ParticipantId", "ParticipantDisplayName"),
)
"""The columns that lines are built from, in `Timeline` and in records."""
OF_TIMELINE: Final = (*SHOWN, "DriftCount", "Timestamp")
OF_RECORD: Final = (*SHOWN, "Drift", "Timestamp")
USERS: Final = ("RecipientId", "SenderId", "InitiatorId", "ParticipantId")
"""The columns with raw ids of users."""


class EventLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event in a list.

    Attributes:
        time: the event's time, as Edm.DateTime.
        kind: what happened.
        who: name or id of who did it.
        whom: the other number, the user that the event was delivered to, or the thread.
        what: text, status, topic or participant.
        handle: identifies the event in other commands.
        drift: the number of deviations from the model; absent if there are none.
        type: the event type.
        number: the resource's own number of an SMS.
        peer: the other number.
        message: id of the message.
        status: delivery status.
        thread: id of the thread.
        users: raw ids of the recipient, sender, initiator and participant, each once.
        written: when the row was last written, as Edm.DateTime; a redelivery writes it again.
    """

    time: str
    kind: str
    who: str | None
    whom: str | None
    what: str | None
    handle: str
    drift: int | None = None
    type: str | None = None
    number: str | None = None
    peer: str | None = None
    message: str | None = None
    status: str | None = None
    thread: str | None = None
    users: tuple[str, ...] = ()
    written: str | None = None


def line_of_timeline(row: Row) -> EventLine:
    """Return the line of a row in `Timeline`; raise ValueError if its keys are not of this app."""
    handle = Handle.of_timeline(row["PartitionKey"], row["RowKey"])
    drift = row.get("DriftCount")
    return _line(_with_cuts_marked(row), handle, drift if isinstance(drift, int) else None)


def line_of_record(row: Row) -> EventLine:
    """Return the line of a record row; raise ValueError if its keys are not of this app."""
    handle = Handle.of_record(row["PartitionKey"], row["RowKey"])
    return _line(row, handle, _count(row.get("Drift")))


def _line(row: Row, handle: Handle, drift: int | None) -> EventLine:
    kind = _text(row, "Kind") or ""
    who, whom = _sms_parties(row) if kind.startswith("sms.") else _chat_parties(row)
    return EventLine(
        time=edm(handle.ticks),
        kind=kind,
        who=who,
        whom=whom,
        what=_what(row, kind),
        handle=str(handle),
        drift=drift,
        type=_text(row, "EventType"),
        number=_text(row, "Number"),
        peer=_text(row, "Peer"),
        message=_text(row, "MessageId"),
        status=_text(row, "DeliveryStatus"),
        thread=_text(row, "ThreadId"),
        users=tuple(dict.fromkeys(user for column in USERS if (user := _text(row, column)))),
        written=_text(row, "Timestamp"),
    )


def _sms_parties(row: Row) -> tuple[str | None, str | None]:
    own, peer = _text(row, "Number"), _text(row, "Peer")
    return (peer, own) if row.get("Direction") == "inbound" else (own, peer)


def _chat_parties(row: Row) -> tuple[str | None, str | None]:
    who = _text(row, "SenderDisplayName") or _text(row, "SenderId") or _text(row, "InitiatorId")
    return who, _text(row, "RecipientId") or _text(row, "ThreadId")


def _what(row: Row, kind: str) -> str | None:
    if kind == Kind.SMS_DELIVERY_REPORT:
        return _text(row, "DeliveryStatus")
    if kind.startswith("participant."):
        return _text(row, "ParticipantDisplayName") or _text(row, "ParticipantId")
    return _text(row, "Body") or _text(row, "ThreadTopic")


def _with_cuts_marked(row: Row) -> Row:
    """Append `…` to texts that `Timeline` has cut: at 256 units, or at 255 before a character of two."""
    cut = (name for name, value in row.items() if isinstance(value, str) and utf16_units(value) >= EXCERPT_UNITS - 1)
    return {**row, **{name: f"{row[name]}…" for name in cut}}


def _text(row: Row, column: str) -> str | None:
    """Return a text, or None if it is blank."""
    value: Any = row.get(column)
    return value if isinstance(value, str) and value.strip() else None


def _count(drift: object) -> int | None:
    try:
        notes = json.loads(drift) if isinstance(drift, str) else None
    except ValueError:
        return 1
    return len(notes) if isinstance(notes, list) else None
