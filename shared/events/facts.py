"""What an event says in the vocabulary of the records: THE declaration of the columns that come from payloads.

Each field is one column, written in PascalCase (`message_id` is `MessageId`); its Python type decides how the table
keeps it. Payloads of both generations and of both levels of chat are normalized into it.
"""

from typing import Any

import msgspec

from shared.events.numbers import Int32, Int64
from shared.events.timestamps import Instant

JsonObject = dict[str, Any]
"""A map whose content is the sender's own affair; it is kept as it came."""


class DeliveryAttempt(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True, gc=False):
    """One try to hand a message to the carrier; `timestamp` is as the report spells it."""

    timestamp: str | None = None
    segments_succeeded: Int32 | None = None
    segments_failed: Int32 | None = None


class Participant(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """Someone in a thread."""

    id: str | None = None
    kind: str | None = None
    display_name: str | None = None
    metadata: JsonObject | None = None


class Facts(msgspec.Struct, kw_only=True, rename="pascal", gc=False):
    """The normalized facts of one event. Nothing is cut; what the event does not carry is None.

    Attributes:
        number: the resource's own number of an SMS; `peer` is the other party.
        occurred_at: time of the thing itself: received, composed, edited, deleted, added or removed.
        version: grows with each change of a thread or message; a chat event may lack it.
        sequence_id: order of a message in its thread; sent since 2026.
        initiator_id: who created, edited, deleted, added or removed.
        participant_id: the one who was added or removed.
    """

    message_id: str | None = None
    body: str | None = None

    from_: str | None = msgspec.field(default=None, name="From")
    to: str | None = None
    number: str | None = None
    peer: str | None = None
    direction: str | None = None
    segment_count: Int32 | None = None
    delivery_status: str | None = None
    delivery_status_details: str | None = None
    delivery_attempts: list[DeliveryAttempt] | None = None
    tag: str | None = None

    thread_id: str | None = None
    transaction_id: str | None = None
    version: Int64 | None = None
    sequence_id: Int64 | None = None
    message_type: str | None = None
    sender_id: str | None = None
    sender_kind: str | None = None
    sender_display_name: str | None = None
    initiator_id: str | None = None
    initiator_kind: str | None = None
    recipient_id: str | None = None
    recipient_kind: str | None = None
    participant_id: str | None = None
    participant_kind: str | None = None
    participant_display_name: str | None = None
    participants: list[Participant] | None = None
    participant_count: Int32 | None = None
    thread_topic: str | None = None
    properties: JsonObject | None = None
    metadata: JsonObject | None = None
    retention_policy: JsonObject | None = None
    deletion_reason: str | None = None

    occurred_at: Instant | None = None
    composed_at: Instant | None = None
    thread_created_at: Instant | None = None


def column_of(fact: str) -> str:
    """Return the column that keeps a fact: `from_` is kept in `From`."""
    return _COLUMN_OF[fact]


_COLUMN_OF = {field.name: field.encode_name for field in msgspec.structs.fields(Facts)}
