"""The rows of one event; writing them again changes nothing."""

from functools import lru_cache
from typing import Final

import msgspec

from shared import catalogue
from shared.errors import Oversized
from shared.events.event import Event
from shared.rows import keys
from shared.rows.columns import Entity, fact_columns
from shared.rows.fitting import ENTITY_BYTES, PACKED_BYTES, TEXT_UNITS, drift_column, entity_bytes, fit, pack
from shared.rows.timeline import Place, partition_of, shard_of, timeline_columns

RECORD_VERSION: Final = 2
"""Raised when the meaning of a column changes; rows of every version can be read by decoding their raw text again."""

# The columns of a shorter text cannot reach the service's limits, so only longer texts are measured.
_SURELY_FITS: Final = TEXT_UNITS // 4


class Filed(msgspec.Struct, frozen=True, gc=False):
    """A row with its place: table, PartitionKey, RowKey, and the columns besides the keys."""

    table: str
    partition: str
    row_key: str
    columns: Entity

    @property
    def place(self) -> Place:
        """Table, PartitionKey and RowKey."""
        return self.table, self.partition, self.row_key

    @property
    def entity(self) -> Entity:
        """The row as one entity, including the keys."""
        return {"PartitionKey": self.partition, "RowKey": self.row_key, **self.columns}


def record_rows(event: Event) -> list[Filed]:
    """Return the rows of an event: one in each table of its family, and one in `Timeline` that points to them.

    Raises:
        Oversized: the event does not fit a row, even compressed.
    """
    facts = fact_columns(event.facts)
    columns = _columns(event, facts)
    places = places_of(event)
    rows = [Filed(*place, columns) for place in places]
    in_timeline = timeline_columns(event, facts, places)
    in_timeline["RecordVersion"] = RECORD_VERSION
    _, partition, row_key = places[0]
    rows.append(Filed(catalogue.TIMELINE, partition_of(shard_of(partition), event.ticks), row_key, in_timeline))
    return rows


def places_of(event: Event) -> list[Place]:
    """Return the places of the rows that hold an event."""
    family = catalogue.EVENT_TYPES[event.type].family
    partition = _partition_of(owner_of(event))
    places = [(family.table, partition, keys.newest_first(event.ticks, event.digest))]
    if family.message_table is not None and event.facts.message_id is not None:
        filed = keys.by_message(event.facts.message_id, event.ticks, event.digest)
        places.append((family.message_table, partition, filed))
    return places


@lru_cache(maxsize=1_024)  # a burst is of few numbers, users or threads
def _partition_of(owner: str) -> str:
    return keys.key(owner)


def owner_of(event: Event) -> str:
    """Return the number, user or thread that an event belongs to."""
    return str(getattr(event.facts, catalogue.EVENT_TYPES[event.type].family.owner))


def record_columns(event: Event) -> Entity:
    """Return the columns of an event's rows besides their keys, within the service's limits.

    Raises:
        Oversized: the event does not fit a row, even compressed.
    """
    return _columns(event, fact_columns(event.facts))


def _columns(event: Event, facts: Entity) -> Entity:
    envelope = event.envelope
    columns: Entity = {
        "EventId": envelope.id,
        "EventType": event.type,
        "EnvelopeSchema": envelope.schema,
        "Kind": str(event.kind),
        "RecordVersion": RECORD_VERSION,
    }
    if envelope.subject is not None:
        columns["Subject"] = envelope.subject
    if envelope.resource is not None:
        columns["ResourceId"] = envelope.resource
    if envelope.time is not None:
        columns["EventTime"] = envelope.time.edm
    if event.redacted is not None:
        columns["Redacted"] = event.redacted.edm
    columns.update(facts)
    drift = list(event.drift)
    room = ENTITY_BYTES
    kept = pack(event.text, is_json=True)
    raw = kept.get("Raw")
    if not isinstance(raw, str) or len(raw) > _SURELY_FITS:
        if entity_bytes(kept) > PACKED_BYTES:
            raise Oversized(
                f"over {PACKED_BYTES} bytes even compressed", event_id=envelope.id, event_type=envelope.type
            )
        columns, cuts = fit(columns, kept)
        drift += cuts
        room -= entity_bytes(columns) + entity_bytes(kept)
    columns.update(kept)
    if drift:
        columns.update(drift_column(drift, room))
    return columns
