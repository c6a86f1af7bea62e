"""One event, decoded: its envelope, its typed facts, and what tells it apart from every other event."""

from enum import StrEnum

import msgspec

from shared.events.envelope import Envelope
from shared.events.facts import Facts
from shared.events.timestamps import Instant


class Kind(StrEnum):
    """What happened, in one vocabulary for all levels and generations; the `Kind` column."""

    SMS_RECEIVED = "sms.received"
    SMS_DELIVERY_REPORT = "sms.delivery-report"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_DELETED = "message.deleted"
    THREAD_CREATED = "thread.created"
    THREAD_UPDATED = "thread.updated"
    THREAD_DELETED = "thread.deleted"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_REMOVED = "participant.removed"
    TYPING_RECEIVED = "typing.received"
    BOT_COMMAND_RECEIVED = "bot-command.received"


class Event(msgspec.Struct, frozen=True, gc=False):
    """One event, decoded and normalized.

    Attributes:
        type: the event type as the catalogue spells it.
        kind: what happened.
        envelope: id, resource, subject and time as delivered.
        facts: what the payload says.
        ticks: the time that orders the event's rows: of the envelope, else of the thing itself; 100 ns since 0001.
        digest: 16 hex digits over type, resource, id, time and data; equal for a redelivery, else different.
        drift: `path: what` of everything that is not as the model has it.
        text: the event's text as it was handed over.
        redacted: when somebody was erased from the text; ticks and digest are those of the event before.
    """

    type: str
    kind: Kind
    envelope: Envelope
    facts: Facts
    ticks: int
    digest: str
    drift: tuple[str, ...]
    text: str | bytes
    redacted: Instant | None = None

    def __repr__(self) -> str:
        """Show the event without any personal data."""
        return f"<Event {self.kind} {self.digest}>"
