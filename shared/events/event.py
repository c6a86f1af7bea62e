"""A decoded event: envelope, typed facts, and the digest that distinguishes it from every other event."""

from enum import StrEnum
from typing import Final

import msgspec

from shared.events.envelope import Envelope
from shared.events.facts import Facts
from shared.events.timestamps import Instant

ERASED: Final = "erased"
"""What stands in a redacted event in place of an erased person's id, name and metadata."""


class Kind(StrEnum):
    """What happened, named alike for user and thread level and all generations of payload; the `Kind` column."""

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
        facts: the normalized content of the payload.
        ticks: the time in the row keys, in 100 ns since 0001-01-01: the envelope's time, or else `facts.occurred_at`.
        digest: 16 hex digits over type, resource, id, time and data: the same for redeliveries of one event only.
        drift: `path: problem` for every deviation from the model.
        text: the event's text as delivered.
        redacted: when a person was erased from the text; ticks and digest are still those of the original event.
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
        """Show kind and digest, which hold no personal data."""
        return f"<Event {self.kind} {self.digest}>"
