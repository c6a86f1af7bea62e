"""One line per event: what a list shows of it, from its row in the time line or from its record."""

import json
from typing import Any, Final

import msgspec

from shared.events.event import Kind
from shared.events.timestamps import edm
from shared.lookups.handles import Handle
from shared.lookups.reader import Row
from shared.rows.text import utf16_units
from shared.rows.timeline import EXCERPT_UNITS

SHOWN: Final = (
    *("PartitionKey", "RowKey", "EventType", "Kind", "Number", "Peer", "Direction", "DeliveryStatus"),
    *("ThreadId", "MessageId", "Body", "ThreadTopic", "SenderId", "SenderDisplayName", "RecipientId"),
    *("InitiatorId", "ParticipantId", "ParticipantDisplayName"),
)
"""The columns that a line is made of, in the time line and in records."""
OF_TIMELINE: Final = (*SHOWN, "DriftCount", "Timestamp")
OF_RECORD: Final = (*SHOWN, "Drift", "Timestamp")
USERS: Final = ("RecipientId", "SenderId", "InitiatorId", "ParticipantId")
"""The columns that hold raw ids of users."""


class EventLine(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event in a list.

    Attributes:
        time: the event's time, as Edm.DateTime.
        kind: what happened.
        who: name or id of who did it.
        whom: to whom: the other number, the user it was delivered to, or the thread.
        what: text, status, topic or participant.
        drift: how much of the event is not as the model has it; absent where all is.
        handle: what to ask on with.
        type: the event type.
        number: the resource's own number of an SMS.
        peer: the other party's.
        message: id of the message that it is about.
        status: delivery status.
        thread: id of the thread.
        users: raw ids of all users that it is delivered to or about.
        written: when its row was last written, as Edm.DateTime: the first time, or by the last redelivery.
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
    """Make the line of a time-line row; raises ValueError for a row whose keys are not ours."""
    handle = Handle.of_timeline(row["PartitionKey"], row["RowKey"])
    drift = row.get("DriftCount")
    return _line(_with_cuts_marked(row), handle, drift if isinstance(drift, int) else None)


def line_of_record(row: Row) -> EventLine:
    """Make the line of a record's row; raises ValueError for a row whose keys are not ours."""
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
    """Mark texts of which the time line keeps but the first 256 units, or 255 where a character takes two."""
    cut = (name for name, value in row.items() if isinstance(value, str) and utf16_units(value) >= EXCERPT_UNITS - 1)
    return {**row, **{name: f"{row[name]}…" for name in cut}}


def _text(row: Row, column: str) -> str | None:
    """Return a text, None for a blank one."""
    value: Any = row.get(column)
    return value if isinstance(value, str) and value.strip() else None


def _count(drift: object) -> int | None:
    try:
        notes = json.loads(drift) if isinstance(drift, str) else None
    except ValueError:
        return 1
    return len(notes) if isinstance(notes, list) else None
