"""Published requests to events: checked, stamped, and otherwise left as they came.

Schemas: https://learn.microsoft.com/azure/event-grid/event-schema and
https://learn.microsoft.com/azure/event-grid/cloud-event-schema
"""

import json
from enum import StrEnum
from typing import Any, NamedTuple

from acsevents.local.event_grid.json_text import elements, extended, members

MAX_BYTES = 1_048_576


class Schema(StrEnum):
    """The two event schemas, by the names that event subscriptions use."""

    EVENT_GRID = "EventGridSchema"
    CLOUD_EVENTS = "CloudEventSchemaV1_0"


class Event(NamedTuple):
    """One event as it goes out: its schema, JSON text in UTF-8, and the version of its data or of CloudEvents."""

    schema: Schema
    text: bytes
    version: str


class Published(NamedTuple):
    """An accepted event and its parsed fields, which only the filters need."""

    event: Event
    fields: dict[str, Any]


class Refused(Exception):  # noqa: N818  # reads as what happened to the request
    """A request that the topic does not accept: HTTP status, the service's error codes and what to change."""

    def __init__(self, status: int, code: str, detail: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "details": [{"code": detail, "message": message}]}}


def invalid(message: str) -> Refused:
    """Return the refusal of a body that breaks its schema."""
    return Refused(400, "BadRequest", "InputJsonInvalid", message)


_REQUIRED = {
    Schema.EVENT_GRID: ("id", "subject", "eventType", "eventTime"),
    Schema.CLOUD_EVENTS: ("id", "source", "type", "specversion"),
}


def read(body: bytes, content_type: str, topic: str) -> list[Published]:
    """Return the events of one request to the topic.

    Content type `application/cloudevents+json` holds one CloudEvent, `application/cloudevents-batch+json` an
    array of them, every other an array in the Event Grid schema. Unknown properties pass: a system topic's own
    publisher may send more than the schema says.

    Raises:
        Refused: the body is not what its content type says.
    """
    schema = Schema.CLOUD_EVENTS if content_type.startswith("application/cloudevents") else Schema.EVENT_GRID
    try:
        text = body.decode()
        parts = list(elements(f"[{text}]" if content_type == "application/cloudevents+json" else text))
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else error
        raise invalid(f"The body is not a JSON array of events ({problem}); send an array in UTF-8.") from None
    for number, part in enumerate(parts):
        _check(number, part.value, schema)
    return [Published(_stamped(schema, part.text, part.value, topic), part.value) for part in parts]


def _check(number: int, fields: object, schema: Schema) -> None:
    if not isinstance(fields, dict):
        raise invalid(f"Event {number} is not a JSON object; send an array of events in the {schema} schema.")
    for name in _REQUIRED[schema]:
        if not isinstance(fields.get(name), str):
            raise invalid(f"Event {number} has no string '{name}', which the {schema} schema requires; add it.")
    for name, only in (("metadataVersion", "1"), ("specversion", "1.0")):
        if name in fields and fields[name] != only:
            raise invalid(f"Event {number} has a '{name}' other than \"{only}\"; correct it.")
    if not isinstance(fields.get("topic", ""), str):
        raise invalid(f"Event {number} has a 'topic' that is not a string; leave it out.")


def _stamped(schema: Schema, text: str, fields: dict[str, Any], topic: str) -> Event:
    if schema is Schema.CLOUD_EVENTS:
        return Event(schema, text.encode(), "1.0")
    stamps = {"topic": topic, "dataVersion": "", "metadataVersion": "1"}
    extra = {name: value for name, value in stamps.items() if name not in fields}
    return Event(schema, extended(text.encode(), extra), str(fields.get("dataVersion", "")))


_CLOUD_NAMES = {
    "type": "eventType",
    "source": "topic",
    "id": "id",
    "time": "eventTime",
    "subject": "subject",
    "data": "data",
}


def delivered_as(event: Event, schema: Schema) -> Event:
    """Return the event in the subscription's delivery schema.

    A CloudEvent stays one: Event Grid delivers CloudEvents input as CloudEvents only.
    https://learn.microsoft.com/azure/event-grid/cloud-event-schema#azure-event-grid-schema-compared-to-cloudevents
    """
    if event.schema is schema or event.schema is Schema.CLOUD_EVENTS:
        return event
    texts = {part.name: part.text for part in members(event.text.decode())}
    fields = {cloud: texts[name] for cloud, name in _CLOUD_NAMES.items() if name in texts}
    fields = {"specversion": '"1.0"', **fields}
    text = ",".join(f"{json.dumps(name)}:{value}" for name, value in fields.items())
    return Event(schema, f"{{{text}}}".encode(), "1.0")
