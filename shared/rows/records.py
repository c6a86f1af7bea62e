"""The rows of one event; writing them again changes nothing."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import msgspec
from msgspec.structs import astuple

from shared import catalogue
from shared.errors import Oversized
from shared.events.event import Event
from shared.events.jsontext import compact
from shared.rows import keys
from shared.rows.columns import EXCERPT_UNITS, FACT_COLUMNS, Entity
from shared.rows.fitting import ENTITY_BYTES, PACKED_BYTES, TEXT_UNITS, drift_column, entity_bytes, fit, pack
from shared.rows.text import cut
from shared.rows.timeline import Place, partition_of, shard_of

RECORD_VERSION: Final = 2
"""Raised when the meaning of a column changes; rows of every version can be read by decoding their raw text again."""

# The columns of a shorter text cannot reach the service's limits, so only longer texts are measured.
_SURELY_FITS: Final = TEXT_UNITS // 4
_SURELY_SHORT: Final = EXCERPT_UNITS // 2  # characters, each of at most two units


class TableRow(msgspec.Struct, frozen=True, gc=False):
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


def record_rows(event: Event) -> list[TableRow]:
    """Return the rows of an event: one in each table of its family, and one in `Timeline` that points to them.

    Raises:
        Oversized: the event does not fit a row, even compressed.
    """
    columns, listed = _columns_of(event)
    columns = _with_text(columns, event)
    places = places_of(event)
    listed["Rows"] = compact(places)
    rows = [TableRow(table, partition, row_key, columns) for table, partition, row_key in places]
    _, partition, row_key = places[0]
    rows.append(TableRow(catalogue.TIMELINE, partition_of(shard_of(partition), event.ticks), row_key, listed))
    return rows


def places_of(event: Event) -> list[Place]:
    """Return the places of the rows that hold an event."""
    family = catalogue.EVENT_TYPES[event.type].family
    owner: str = getattr(event.facts, family.owner)
    partition = _partition_of(owner) if len(owner) <= keys.LONGEST else keys.key(owner)
    places = [(family.table, partition, keys.newest_first(event.ticks, event.digest))]
    if family.message_table is not None and event.facts.message_id is not None:
        by_message = keys.by_message(event.facts.message_id, event.ticks, event.digest)
        places.append((family.message_table, partition, by_message))
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
    columns, _listed = _columns_of(event)
    return _with_text(columns, event)


def _columns_of(event: Event) -> tuple[Entity, Entity]:
    """Return the columns of an event's records, whole but for the text, and those of its row in `Timeline`.

    Both are made in one pass, which takes half the time of two.
    """
    envelope, kind = event.envelope, str(event.kind)
    columns: Entity = {
        "EventId": envelope.id,
        "EventType": event.type,
        "EnvelopeSchema": envelope.schema,
        "Kind": kind,
        "RecordVersion": RECORD_VERSION,
    }
    listed: Entity = {
        "EventId": envelope.id if len(envelope.id) <= _SURELY_SHORT else cut(envelope.id, EXCERPT_UNITS),
        "EventType": event.type,
        "Kind": kind,
        "RecordVersion": RECORD_VERSION,
    }
    if envelope.subject is not None:
        columns["Subject"] = envelope.subject
    if envelope.resource is not None:
        columns["ResourceId"] = envelope.resource
    if envelope.time is not None:
        columns["EventTime"] = listed["EventTime"] = envelope.time.edm
    if event.redacted is not None:
        columns["Redacted"] = listed["Redacted"] = event.redacted.edm
    for fact_column, fact in zip(FACT_COLUMNS, astuple(event.facts), strict=True):
        if fact is not None:
            column, write, is_listed = fact_column
            value = columns[column] = fact if write is None else write(fact)
            if is_listed:
                listed[column] = value if len(value) <= _SURELY_SHORT else cut(value, EXCERPT_UNITS)
    if event.drift:
        listed["DriftCount"] = len(event.drift)
    return columns, listed


def _with_text(columns: Entity, event: Event) -> Entity:
    """Return the columns with the event's text and its drift, within the service's limits."""
    kept = pack(event.text, is_json=True)
    drift: Sequence[str] = event.drift
    room = ENTITY_BYTES
    if len(event.text) > _SURELY_FITS or "Raw" not in kept:
        if entity_bytes(kept) > PACKED_BYTES:
            problem = f"over {PACKED_BYTES} bytes even compressed"
            raise Oversized(problem, event_id=event.envelope.id, event_type=event.envelope.type)
        columns, cuts = fit(columns, kept)
        drift = (*drift, *cuts)
        room -= entity_bytes(columns) + entity_bytes(kept)
    columns.update(kept)
    if drift:
        columns.update(drift_column(drift, room))
    return columns
