"""The envelope of an event: read Event Grid schema and CloudEvents 1.0 into one model.

https://learn.microsoft.com/azure/event-grid/event-schema
https://learn.microsoft.com/azure/event-grid/cloud-event-schema
"""

from typing import Any, Final, Literal

import msgspec

from shared.errors import InvalidData, NotAnEvent
from shared.events.jsontext import decoder_of
from shared.events.reading import Tolerant, read_model
from shared.events.timestamps import Instant

Schema = Literal["EventGridSchema", "CloudEventSchemaV1_0"]


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """The fields of an envelope of either schema.

    Attributes:
        schema: the schema that the event was delivered in.
        id: the event's id.
        type: the event's type as delivered.
        resource: `topic` or `source`: the resource that the event comes from.
        subject: the part of the resource that the event is about.
        time: when the event happened; None if missing or unreadable.
    """

    schema: Schema
    id: str
    type: str
    resource: str | None
    subject: str | None
    time: Instant | None


class OpenedEnvelope(msgspec.Struct, frozen=True, gc=False):
    """An envelope with its payload and the deviations from the schema.

    Attributes:
        envelope: its readable fields.
        data: the payload as delivered.
        resource_as_sent: `topic` or `source` as delivered, of any type.
        time_as_sent: the time as delivered, of any type.
        notes: `path: problem` for every deviation from the model.
    """

    envelope: Envelope
    data: Any
    resource_as_sent: Any
    time_as_sent: Any
    notes: list[str]

    def payload(self) -> dict[str, Any]:
        """Return the payload as a JSON object.

        Raises:
            InvalidData: `data` is missing or not an object.
        """
        if not isinstance(self.data, dict):
            raise InvalidData(f"expected an object, got {_type_name(self.data)}", "$.data")
        return self.data


class _EventGridSchema(Tolerant):
    id: Any = None
    type: Any = msgspec.field(default=None, name="eventType")
    resource: Any = msgspec.field(default=None, name="topic")
    subject: str | None = None
    time: Any = msgspec.field(default=None, name="eventTime")
    data: Any = None
    data_version: Any = None
    metadata_version: Any = None


class _CloudEvent(Tolerant, forbid_unknown_fields=False):
    """An event in CloudEvents 1.0. Unknown attributes are extensions, which the specification allows, so not drift."""

    id: Any = None
    type: Any = None
    resource: Any = msgspec.field(default=None, name="source")
    subject: str | None = None
    time: Any = None
    data: Any = None
    specversion: Any = None


_NAMES_OF_CLOUD_EVENTS: Final = frozenset({"specversion", "type"})
_USUAL: Final = decoder_of(_EventGridSchema)


def open_usual(text: str | bytes) -> OpenedEnvelope | None:
    """Read a text in one step if it is one event in Event Grid schema with the usual names, as nearly all are.

    Return None for any other text: `open_envelope` opens it, or tells what is wrong. Where both can open a text, the
    result is the same.

    Raises:
        NotAnEvent: the event lacks an id or type.
    """
    try:
        model = _USUAL.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return _opened("EventGridSchema", model, [])


def open_envelope(value: object) -> OpenedEnvelope:
    """Read the envelope of one event: a JSON object, or an array of one object, as Event Grid posts it.

    Raises:
        NotAnEvent: the value is neither, or lacks an id or type.
    """
    if isinstance(value, list):
        if len(value) != 1:
            raise NotAnEvent(f"expected one event, got an array of {len(value)}")
        value = value[0]
    if not isinstance(value, dict):
        raise NotAnEvent(f"expected an object, got {_type_name(value)}")
    if "eventType" not in value and any(name.lower() in _NAMES_OF_CLOUD_EVENTS for name in value):
        cloud = read_model(value, _CloudEvent, "$")
        return _opened("CloudEventSchemaV1_0", cloud.model, cloud.notes)
    grid = read_model(value, _EventGridSchema, "$")
    return _opened("EventGridSchema", grid.model, grid.notes)


def _opened(schema: Schema, model: _EventGridSchema | _CloudEvent, deviations: list[str]) -> OpenedEnvelope:
    notes = [*deviations]
    _check_identity(model.id, model.type, schema)
    resource = model.resource if isinstance(model.resource, str) else None
    if resource is None and model.resource is not None:
        notes.append(f"{path_of(schema, 'resource')}: expected a string, got {_type_name(model.resource)}")
    time, problem = _time(model.time)
    if problem is not None:
        notes.append(f"{path_of(schema, 'time')}: {problem}")
    return OpenedEnvelope(
        Envelope(schema, model.id, model.type, resource, model.subject, time),
        model.data,
        model.resource,
        model.time,
        notes,
    )


def path_of(schema: Schema, field: Literal["type", "resource", "time"]) -> str:
    """Return the JSON path of an envelope field in the given schema."""
    return _PATHS[schema][field]


_PATHS: Final = {
    "EventGridSchema": {"type": "$.eventType", "resource": "$.topic", "time": "$.eventTime"},
    "CloudEventSchemaV1_0": {"type": "$.type", "resource": "$.source", "time": "$.time"},
}


def _time(value: object) -> tuple[Instant | None, str | None]:
    """Return the time, or None if unreadable, and a note of what is wrong with it."""
    if value is None:
        return None, "missing"
    try:
        instant = Instant.parse(value)
    except ValueError as error:
        return None, str(error)
    return instant, instant.note


def _check_identity(event_id: object, event_type: object, schema: Schema) -> None:
    has_id = isinstance(event_id, str) and event_id != ""
    if has_id and isinstance(event_type, str) and event_type:
        return
    value, path = (event_type, path_of(schema, "type")) if has_id else (event_id, "$.id")
    found = "an empty one" if value == "" else _type_name(value)
    known = [part if isinstance(part, str) else None for part in (event_id, event_type)]
    raise NotAnEvent(f"expected a string, got {found}", path, event_id=known[0], event_type=known[1])


def _type_name(value: object) -> str:
    """Return the type of a JSON value in words, without its content."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (str, list, dict)):
        return {str: "a string", list: "an array", dict: "an object"}[type(value)]
    return "a number"
