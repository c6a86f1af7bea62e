"""From the text of one event to its record: the one entry to the pure core."""

from typing import Any

from shared import catalogue
from shared.catalogue import EventType
from shared.errors import ContentError, InvalidData, MissingKey, NotJson, Oversized, UnsupportedType
from shared.events import timestamps
from shared.events.envelope import Envelope, open_envelope
from shared.events.jsontext import canonical, compact, parse
from shared.events.payloads import Payload
from shared.events.reading import Reading, read
from shared.rows import keys
from shared.rows.columns import (
    ENTITY_BYTES,
    JSON_COLUMNS,
    PACKED_BYTES,
    TEXT_UNITS,
    Entity,
    drift_column,
    entity_bytes,
    limited,
    pack,
)
from shared.rows.records import RECORD_VERSION, Record

# No column of a shorter text can reach the service's limits, so only longer ones are measured.
_SURELY_FITS = TEXT_UNITS // 4
_TIME_SOURCES = (("ComposedAt", "composeTime"), ("ThreadCreatedAt", "createTime"))


def decode(text: str | bytes) -> Record:
    """Decode the text of one event, in Event Grid schema or CloudEvents 1.0, alone or in an array of one.

    Raises:
        ContentError: the event cannot be recorded; the error tells the reason, the problem and the JSON path.
    """
    document = parse(text)
    envelope = open_envelope(document.clean)
    ordinary = document.clean is document.exact
    exact = envelope if ordinary else open_envelope(document.exact)
    try:
        return _record(envelope, exact, text, pack(text, checked=ordinary))
    except (ContentError, RecursionError) as problem:
        error = problem if isinstance(problem, ContentError) else NotJson("nested too deeply")
        error.event_id, error.event_type = envelope.id, envelope.type
        raise error from None


def _record(envelope: Envelope, exact: Envelope, text: str | bytes, kept: Entity) -> Record:
    event_type = catalogue.find(envelope.type)
    if event_type is None:
        raise UnsupportedType("not an event type that this app records", envelope.path("type"))
    reading = read(envelope.payload(), event_type.payload, "$.data")
    facts = reading.model.columns()
    drift = envelope.drift + reading.drift
    owner = _key_part(event_type.family.owner, facts, reading)
    message_id = _key_part("MessageId", facts, reading) if event_type.family.message_table else None
    ticks, time_is_exact = _put_times(facts, envelope, reading.model.occurred, drift)
    identity = (
        event_type.name,
        None if exact.resource is None else exact.resource.lower(),
        exact.id,
        facts["EventTime"] if time_is_exact else exact.time,
        exact.data,
    )
    return Record(
        event_type=event_type,
        owner=owner,
        message_id=message_id,
        ticks=ticks,
        digest=keys.digest(canonical(identity)),
        facts=facts,
        columns=_row(envelope, event_type, facts, drift, kept),
        raw=text,
    )


def _key_part(column: str, facts: dict[str, Any], reading: Reading[Payload]) -> str:
    value = facts[column]
    if value:
        return str(value)
    sources = reading.model.sources[column]
    path = f"$.data.{sources[0]}"
    if not reading.rejected.isdisjoint(sources):
        raise InvalidData(f"not of the type that {column} needs for the row's key", path)
    raise MissingKey(f"missing, and {column} is part of the row's key", path)


def _put_times(facts: dict[str, Any], envelope: Envelope, occurred: str, drift: list[str]) -> tuple[int, bool]:
    """Write the times among the facts; tell the ticks for the keys and whether the envelope's time says it all."""
    event_time = _read_time(envelope.time, envelope.path("time"), drift)
    if envelope.time is None:
        drift.append(f"{envelope.path('time')}: missing")
    happened = _read_time(facts["OccurredAt"], f"$.data.{occurred}", drift)
    first = event_time or happened
    if first is None:
        error = InvalidData if envelope.time else MissingKey
        raise error("no readable time, and the time is part of the row's key", envelope.path("time"))
    facts["EventTime"] = event_time.edm if event_time else None
    facts["OccurredAt"] = (happened or first).edm
    for column, source in _TIME_SOURCES:
        if facts.get(column) is not None:
            # A column may repeat the time of the thing itself; its drift is noted once.
            instant = happened if source == occurred else _read_time(facts[column], f"$.data.{source}", drift)
            facts[column] = instant.edm if instant else None
    return first.ticks, event_time is not None and event_time.note is None


def _read_time(value: Any, path: str, drift: list[str]) -> timestamps.Instant | None:
    if value is None:
        return None
    try:
        instant = timestamps.read(value)
    except (ValueError, TypeError):
        drift.append(f"{path}: not a time between 1601 and 9999")
        return None
    if instant.note is not None:
        drift.append(f"{path}: {instant.note}")
    return instant


def _row(envelope: Envelope, event_type: EventType, facts: dict[str, Any], drift: list[str], kept: Entity) -> Entity:
    columns: Entity = {
        "EventId": envelope.id,
        "EventType": event_type.name,
        "EnvelopeSchema": envelope.schema,
        "Kind": event_type.kind.value,
        "RecordVersion": RECORD_VERSION,
    }
    if envelope.subject is not None:
        columns["Subject"] = envelope.subject
    if envelope.resource is not None:
        columns["ResourceId"] = envelope.resource
    _put_facts(facts, columns, drift)
    room = ENTITY_BYTES
    raw = kept.get("Raw")
    if not isinstance(raw, str) or len(raw) > _SURELY_FITS:
        if entity_bytes(kept) > PACKED_BYTES:
            raise Oversized(f"over {PACKED_BYTES} bytes even compressed")
        columns, cuts = limited(columns, kept)
        drift.extend(cuts)
        room -= entity_bytes(columns) + entity_bytes(kept)
    columns.update(kept)
    if drift:
        columns.update(drift_column(drift, room))
    return columns


def _put_facts(facts: dict[str, Any], columns: Entity, drift: list[str]) -> None:
    """Write what the event carries of the facts as columns."""
    for name, value in facts.items():
        if isinstance(value, str):
            columns[name] = value
        elif value is None:
            continue
        elif name in JSON_COLUMNS:
            columns[name] = compact(value)
        elif isinstance(value, int) and name != "ThreadTopic":
            columns[name] = value
        else:
            facts[name] = None
            drift.append("$.data.properties.topic: not a string")
