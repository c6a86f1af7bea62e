"""The rows that keep one event; writing them again changes nothing."""

from typing import Final, NamedTuple

from shared import catalogue
from shared.catalogue import Family
from shared.errors import Oversized
from shared.events.event import Event
from shared.rows import keys
from shared.rows.columns import Entity, fact_columns
from shared.rows.fitting import ENTITY_BYTES, PACKED_BYTES, TEXT_UNITS, drift_column, entity_bytes, fit, pack
from shared.rows.timeline import timeline_entity

RECORD_VERSION: Final = 2
"""Bumped when the meaning of a column changes; rows of all versions can be read by decoding their raw text again."""

# No column of a shorter text can reach the service's limits, so only longer ones are measured.
_SURELY_FITS: Final = TEXT_UNITS // 4


class Filed(NamedTuple):
    """An entity with the table that it belongs to."""

    table: str
    entity: Entity


def record_rows(event: Event) -> list[Filed]:
    """Return the rows of an event: in its family's tables, and the one in the time line that points to them.

    Raises:
        Oversized: the event does not fit a row, not even compressed.
    """
    family = catalogue.EVENT_TYPES[event.type].family
    columns = record_columns(event)
    partition = keys.key(owner_of(event))
    row_key = keys.newest_first(event.ticks, event.digest)
    places = [(family.table, partition, row_key), *_filed_by_message(family, event, partition)]
    rows = [
        Filed(table, {"PartitionKey": partition, "RowKey": row_key, **columns}) for table, partition, row_key in places
    ]
    return [*rows, Filed(catalogue.TIMELINE, {**timeline_entity(event, places), "RecordVersion": RECORD_VERSION})]


def owner_of(event: Event) -> str:
    """Return the number, user or thread whose partition keeps an event."""
    return str(getattr(event.facts, catalogue.EVENT_TYPES[event.type].family.owner))


def _filed_by_message(family: Family, event: Event, partition: str) -> list[tuple[str, str, str]]:
    if family.message_table is None or event.facts.message_id is None:
        return []
    return [(family.message_table, partition, keys.by_message(event.facts.message_id, event.ticks, event.digest))]


def record_columns(event: Event) -> Entity:
    """Return what the rows of an event hold beside their keys, within the service's limits.

    Raises:
        Oversized: the event does not fit a row, not even compressed.
    """
    envelope = event.envelope
    columns: Entity = {
        "EventId": envelope.id,
        "EventType": event.type,
        "EnvelopeSchema": envelope.schema,
        "Kind": event.kind.value,
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
    columns.update(fact_columns(event.facts))
    drift = list(event.drift)
    room = ENTITY_BYTES
    kept = pack(event.text)
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
