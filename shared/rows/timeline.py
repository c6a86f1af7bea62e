"""The row of an event in `Timeline`, the table for "what happened recently, over all numbers, users and threads?"."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final, cast
from zlib import crc32

from shared.events.event import Event
from shared.events.facts import column_of
from shared.events.jsontext import compact
from shared.events.timestamps import TICKS_PER_SECOND, reverse
from shared.rows.columns import Entity
from shared.rows.text import cut

SHARDS: Final = 4  # a partition takes 2,000 rows a second
EXCERPT_UNITS: Final = 256
_SURELY_SHORT: Final = EXCERPT_UNITS // 2  # characters, each of at most two units
_MINUTE: Final = 60 * TICKS_PER_SECOND
# What a list of events shows: who, to whom, and what.
_SHOWN: Final = frozenset(
    column_of(fact)
    for fact in (
        *("number", "peer", "direction", "message_id", "delivery_status", "thread_id", "body", "thread_topic"),
        *("sender_id", "sender_display_name", "recipient_id", "initiator_id"),
        *("participant_id", "participant_display_name", "occurred_at"),
    )
)

Place = tuple[str, str, str]
"""Table, PartitionKey and RowKey of a row."""


def timeline_columns(event: Event, facts: Entity, places: Sequence[Place]) -> Entity:
    """Return the columns of an event in `Timeline`.

    Args:
        event: the event.
        facts: its facts as columns, at full length.
        places: the places of the rows that hold it.
    """
    columns: Entity = {
        "EventId": cut(event.envelope.id, EXCERPT_UNITS),
        "EventType": event.type,
        "Kind": str(event.kind),
        "Rows": compact(places),
    }
    if event.envelope.time is not None:
        columns["EventTime"] = event.envelope.time.edm
    for column, text in cast("Mapping[str, str]", facts).items():  # true of all that are shown
        if column in _SHOWN:
            columns[column] = text if len(text) <= _SURELY_SHORT else cut(text, EXCERPT_UNITS)
    if event.redacted is not None:
        columns["Redacted"] = event.redacted.edm
    if event.drift:
        columns["DriftCount"] = len(event.drift)
    return columns


@lru_cache(maxsize=1_024)  # a burst is of few owners and few minutes
def _partition_of_minute(shard: int, minute: int) -> str:
    return f"{shard}~{reverse(minute)}"


def partition_of(shard: int, ticks: int) -> str:
    """Return the PartitionKey of a minute in a shard; newer minutes sort first.

    It is derived from the event's own time, so that a redelivery writes the same row.
    """
    return _partition_of_minute(shard, ticks - ticks % _MINUTE)


@lru_cache(maxsize=1_024)
def shard_of(owner_key: str) -> int:
    """Return the shard of an owner. Events of one owner share it, so a burst of them is written in one transaction."""
    return crc32(owner_key.encode()) % SHARDS
