"""The facts of an event: the one declaration of all columns that come from payloads.

Each field is one column, named in PascalCase (`message_id` is `MessageId`); its Python type determines the type of the
column. Payloads of all generations, and of both levels of chat, are normalized into these facts.
"""

from typing import Any

import msgspec

from shared.events.numbers import Int32, Int64
from shared.events.timestamps import Instant

JsonObject = dict[str, Any]
"""A JSON object whose content the sender defines; it is stored as delivered."""


class DeliveryAttempt(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True, gc=False):
    """One attempt to deliver a message to the carrier; `timestamp` is spelled as in the report."""

    timestamp: str | None = None
    segments_succeeded: Int32 | None = None
    segments_failed: Int32 | None = None


class Participant(msgspec.Struct, rename="camel", omit_defaults=True, gc=False):
    """A participant of a thread."""

    id: str | None = None
    kind: str | None = None
    display_name: str | None = None
    metadata: JsonObject | None = None


class Facts(msgspec.Struct, kw_only=True, rename="pascal", gc=False):
    """The normalized facts of one event, at full length; None for what the event does not contain.

    Attributes:
        number: of an SMS, the number of the ACS resource; `peer` is the other party.
        version: grows with each change of a thread or message; missing from some chat events.
        sequence_id: position of a message in its thread; sent since 2026.
        initiator_id: who created, edited, deleted, added or removed.
        participant_id: who was added or removed.
        occurred_at: when it happened: received, composed, edited, deleted, added or removed.
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
    """Return the column of a fact: `From` for `from_`."""
    return _COLUMN_OF[fact]


_COLUMN_OF = {field.name: field.encode_name for field in msgspec.structs.fields(Facts)}
