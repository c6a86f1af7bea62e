"""Parse publish requests: check their events and add what the service adds, without rewriting them.

Schemas: https://learn.microsoft.com/azure/event-grid/event-schema and
https://learn.microsoft.com/azure/event-grid/cloud-event-schema
"""

import json
from typing import Any, NamedTuple

from acsevents.local.event_grid.json_text import Part, extended, parts
from shared.events.envelope import Schema

MAX_BYTES = 1_048_576
_REQUIRED: dict[Schema, tuple[str, ...]] = {
    "EventGridSchema": ("id", "subject", "eventType", "eventTime"),
    "CloudEventSchemaV1_0": ("id", "source", "type", "specversion"),
}
_CLOUD_NAMES = {
    "type": "eventType",
    "source": "topic",
    "id": "id",
    "time": "eventTime",
    "subject": "subject",
    "data": "data",
}


class Event(NamedTuple):
    """One event, ready to deliver.

    Attributes:
        schema: the event schema of its text.
        id: the id as published.
        type: the event type, for filters.
        subject: the subject, for filters; "" if there is none.
        text: its JSON in UTF-8.
        version: the version of its data or of CloudEvents, for a header.
    """

    schema: Schema
    id: str
    type: str
    subject: str
    text: bytes
    version: str


class Refused(Exception):  # noqa: N818  # what happened to the request
    """The topic refuses a request; holds the HTTP status and the service's error document."""

    def __init__(self, status: int, code: str, detail: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, "details": [{"code": detail, "message": message}]}}


def parse_events(body: bytes, content_type: str, topic: str) -> list[Event]:
    """Return the events of one publish request.

    The content type `application/cloudevents+json` means one CloudEvent, `application/cloudevents-batch+json` an array
    of them, and any other an array in Event Grid schema. Unknown properties are accepted: the publisher of a system
    topic may send more than the schema defines.

    Raises:
        Refused: the body does not match its content type.
    """
    schema: Schema = "CloudEventSchemaV1_0" if content_type.startswith("application/cloudevents") else "EventGridSchema"
    try:
        text = body.decode()
        elements = list(parts(f"[{text}]" if content_type == "application/cloudevents+json" else text, list))
    except (ValueError, RecursionError) as error:
        problem = "nested too deeply" if isinstance(error, RecursionError) else error
        raise _invalid(f"The body is not a JSON array of events ({problem}); send an array in UTF-8.") from None
    for number, element in enumerate(elements):
        _check(number, element.value, schema)
    return [_event(schema, element, topic) for element in elements]


def _invalid(message: str) -> Refused:
    return Refused(400, "BadRequest", "InputJsonInvalid", message)


def _check(number: int, fields: object, schema: Schema) -> None:
    if not isinstance(fields, dict):
        raise _invalid(f"Event {number} is not a JSON object; send an array of events in the {schema}.")
    for name in _REQUIRED[schema]:
        if not isinstance(fields.get(name), str):
            raise _invalid(f"Event {number} has no string '{name}', which the {schema} requires; add it.")


def _event(schema: Schema, element: Part, topic: str) -> Event:
    fields: dict[str, Any] = element.value
    text, subject = element.text.encode(), str(fields.get("subject") or "")
    if schema == "CloudEventSchemaV1_0":
        return Event(schema, fields["id"], fields["type"], subject, text, "1.0")
    stamps = {"topic": topic, "dataVersion": "", "metadataVersion": "1"}
    text = extended(text, {name: value for name, value in stamps.items() if name not in fields})
    return Event(schema, fields["id"], fields["eventType"], subject, text, str(fields.get("dataVersion", "")))


def delivered_as(event: Event, schema: Schema) -> Event:
    """Return the event in the delivery schema of a subscription.

    A CloudEvent is returned unchanged, since Event Grid delivers CloudEvents as CloudEvents only.
    https://learn.microsoft.com/azure/event-grid/cloud-event-schema#azure-event-grid-schema-compared-to-cloudevents
    """
    if schema == "EventGridSchema" or event.schema == "CloudEventSchemaV1_0":
        return event
    texts = {member.name: member.text for member in parts(event.text.decode(), dict)}
    members = {cloud: texts[name] for cloud, name in _CLOUD_NAMES.items() if name in texts}
    text = ",".join(f"{json.dumps(name)}:{value}" for name, value in {"specversion": '"1.0"', **members}.items())
    return event._replace(schema=schema, text=f"{{{text}}}".encode(), version="1.0")
