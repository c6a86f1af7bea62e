"""The row of an event in the time line, which answers "what happened lately, over everything"."""

from collections.abc import Sequence
from typing import Final

from shared.events.digest import digest
from shared.events.event import Event
from shared.events.facts import column_of
from shared.events.jsontext import compact
from shared.events.timestamps import TICKS_PER_SECOND, reverse
from shared.rows.columns import Entity
from shared.rows.keys import newest_first
from shared.rows.text import cut

SHARDS: Final = 4  # one partition takes 2,000 rows a second
EXCERPT_UNITS: Final = 256
_MINUTE: Final = 60 * TICKS_PER_SECOND
# What a list shows of an event: who, to whom, and what.
_SHOWN: Final = tuple(
    (fact, column_of(fact))
    for fact in (
        *("number", "peer", "direction", "message_id", "delivery_status", "thread_id", "body", "thread_topic"),
        *("sender_id", "sender_display_name", "recipient_id", "initiator_id"),
        *("participant_id", "participant_display_name"),
    )
)

Place = tuple[str, str, str]
"""Table, PartitionKey and RowKey of a row."""


def timeline_entity(event: Event, places: Sequence[Place]) -> Entity:
    """Return the time-line row of an event whose record is kept in some places.

    Its keys come from the event's own time, so that a redelivery writes the same row.
    """
    facts = event.facts
    entity: Entity = {
        "PartitionKey": partition_of(shard_of(places[0][1]), event.ticks),
        "RowKey": newest_first(event.ticks, event.digest),
        "EventId": cut(event.envelope.id, EXCERPT_UNITS),
        "EventType": event.type,
        "Kind": event.kind.value,
        "Rows": compact(places),
    }
    if event.envelope.time is not None:
        entity["EventTime"] = event.envelope.time.edm
    if facts.occurred_at is not None:
        entity["OccurredAt"] = facts.occurred_at.edm
    for fact, column in _SHOWN:
        value = getattr(facts, fact)
        if value is not None:
            entity[column] = value if len(value) <= EXCERPT_UNITS // 2 else cut(value, EXCERPT_UNITS)
    if event.redacted is not None:
        entity["Redacted"] = event.redacted.edm
    if event.drift:
        entity["DriftCount"] = len(event.drift)
    return entity


def partition_of(shard: int, ticks: int) -> str:
    """Return the PartitionKey of a minute in one of the shards; newer minutes sort first."""
    return f"{shard}~{reverse(ticks - ticks % _MINUTE)}"


def shard_of(owner_key: str) -> int:
    """Return the shard of an owner, so that a burst of one owner stays one transaction."""
    return int(digest(owner_key.encode("utf-8", "surrogatepass"))[0], 16) % SHARDS
