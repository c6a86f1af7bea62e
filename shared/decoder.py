"""Decode the text of one event: the only entry point to the pure core."""

from typing import Any

from shared import catalogue
from shared.catalogue import EventType
from shared.errors import ContentError, InvalidData, MissingKey, NotJson, UnsupportedType
from shared.events.digest import digest
from shared.events.envelope import OpenedEnvelope, open_envelope, open_usual, path_of
from shared.events.event import Event
from shared.events.facts import column_of
from shared.events.jsontext import canonical, parse
from shared.events.payloads import Payload
from shared.events.reading import Reading, read_model


def decode(text: str | bytes) -> Event:
    """Decode the text of one event, in Event Grid schema or CloudEvents 1.0, alone or in an array of one.

    Raises:
        ContentError: the event cannot be recorded; the error holds the reason, the problem and the JSON path.
    """
    usual = open_usual(text)
    if usual is not None:
        return _decoded(usual, usual, text)
    document = parse(text)
    opened = open_envelope(document.clean)  # first: what it raises names id and type, which a dead letter must hold
    return _decoded(opened, opened if document.cleaned is None else open_envelope(document.exact), text)


def _decoded(opened: OpenedEnvelope, sent: OpenedEnvelope, text: str | bytes) -> Event:
    """Return the event of an envelope, which is given as columns can hold it and exactly as sent."""
    envelope = opened.envelope
    try:
        return _event(opened, sent, text)
    except ContentError as error:
        raise error.in_event(envelope.id, envelope.type) from None
    except RecursionError:
        raise NotJson("nested too deeply", event_id=envelope.id, event_type=envelope.type) from None


def _event(opened: OpenedEnvelope, sent: OpenedEnvelope, text: str | bytes) -> Event:
    envelope = opened.envelope
    event_type = catalogue.find(envelope.type)
    if event_type is None:
        raise UnsupportedType("not an event type that this app records", path_of(envelope.schema, "type"))
    reading = read_model(opened.payload(), event_type.payload, "$.data")
    facts = reading.model.facts()
    for fact in event_type.key_facts:
        if not getattr(facts, fact):
            raise _no_key(fact, event_type, reading)
    time = envelope.time or facts.occurred_at
    if time is None:
        error = InvalidData if opened.time_as_sent else MissingKey
        raise error("no readable time, and the time is part of the row's key", path_of(envelope.schema, "time"))
    if facts.occurred_at is None:
        facts.occurred_at = time
    return Event(
        type=event_type.name,
        kind=event_type.kind,
        envelope=envelope,
        facts=facts,
        ticks=time.ticks,
        digest=_digest(event_type, sent),
        drift=(*opened.notes, *reading.notes, *reading.model.notes()),
        text=text,
    )


def _no_key(fact: str, event_type: EventType, reading: Reading[Payload]) -> ContentError:
    """Return the error for a payload that lacks a fact that the row keys are built from."""
    sources = event_type.payload.sources(fact)
    path = f"$.data.{sources[0]}"
    if not reading.rejected.isdisjoint(sources):
        return InvalidData(f"not of the type that {column_of(fact)} needs for the row's key", path)
    return MissingKey(f"missing, and {column_of(fact)} is part of the row's key", path)


def _digest(event_type: EventType, sent: OpenedEnvelope) -> str:
    """Return the digest of what distinguishes events: the same for redeliveries in any key order and either schema."""
    resource: Any = sent.resource_as_sent
    time = sent.envelope.time
    identity = (
        event_type.name,
        resource.lower() if isinstance(resource, str) else resource,
        sent.envelope.id,
        sent.time_as_sent if time is None or time.note else time.edm,
        sent.data,
    )
    return digest(canonical(identity))
