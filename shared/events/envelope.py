"""The envelope of an event: Event Grid schema or CloudEvents 1.0, read into one shape.

https://learn.microsoft.com/azure/event-grid/event-schema
https://learn.microsoft.com/azure/event-grid/cloud-event-schema
"""

from typing import Any, Literal

import msgspec

from shared.errors import InvalidData, NotAnEvent
from shared.events.reading import Tolerant, read

Schema = Literal["EventGridSchema", "CloudEventSchemaV1_0"]


class Envelope(msgspec.Struct):
    """Who says what happened to which resource, and when; `data` is the payload as it came."""

    schema: Schema
    id: str
    type: str
    resource: str | None
    subject: str | None
    time: Any
    data: Any
    drift: list[str]

    def path(self, field: Literal["type", "time"]) -> str:
        """Tell the JSON path of a field in the schema that delivered the event."""
        return f"$.event{field.capitalize()}" if self.schema == "EventGridSchema" else f"$.{field}"

    def payload(self) -> dict[str, Any]:
        """Tell the payload as a JSON object.

        Raises:
            InvalidData: `data` is missing or no object.
        """
        if not isinstance(self.data, dict):
            raise InvalidData(f"expected an object, got {_named(self.data)}", "$.data")
        return self.data


class _EventGridSchema(Tolerant):
    id: Any = None
    topic: str | None = None
    subject: str | None = None
    event_type: Any = None
    event_time: Any = None
    data: Any = None
    data_version: Any = None
    metadata_version: Any = None


class _CloudEvent(Tolerant):
    id: Any = None
    source: str | None = None
    subject: str | None = None
    type: Any = None
    time: Any = None
    data: Any = None
    specversion: Any = None
    datacontenttype: Any = None
    dataschema: Any = None


def open_envelope(value: object) -> Envelope:
    """Read the envelope of one event, given alone or as the only element of an array, as Event Grid posts it.

    Raises:
        NotAnEvent: no object, or without the id or type that every event has.
    """
    if isinstance(value, list):
        if len(value) != 1:
            raise NotAnEvent(f"expected one event, got an array of {len(value)}")
        value = value[0]
    if not isinstance(value, dict):
        raise NotAnEvent(f"expected an object, got {_named(value)}")
    if "eventType" not in value and any(name.lower() in {"specversion", "type"} for name in value):
        reading = read(value, _CloudEvent, "$")
        event = reading.model
        return Envelope(
            "CloudEventSchemaV1_0",
            *_identity(event.id, event.type, "$.type"),
            event.source,
            event.subject,
            event.time,
            event.data,
            reading.drift,
        )
    grid_reading = read(value, _EventGridSchema, "$")
    grid = grid_reading.model
    return Envelope(
        "EventGridSchema",
        *_identity(grid.id, grid.event_type, "$.eventType"),
        grid.topic,
        grid.subject,
        grid.event_time,
        grid.data,
        grid_reading.drift,
    )


def _identity(event_id: object, event_type: object, type_path: str) -> tuple[str, str]:
    try:
        return _required(event_id, "$.id"), _required(event_type, type_path)
    except NotAnEvent as error:  # one of them may be known nevertheless
        error.event_id = event_id if isinstance(event_id, str) else None
        error.event_type = event_type if isinstance(event_type, str) else None
        raise


def _required(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise NotAnEvent(f"expected a string, got {_named(value)}", path)
    if not value:
        raise NotAnEvent("expected a string, got an empty one", path)
    return value


def _named(value: object) -> str:
    """Name a JSON value by its type, never by its content."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (str, list, dict)):
        return {str: "a string", list: "an array", dict: "an object"}[type(value)]
    return "a number"
