"""The envelope: its schema, and where each field goes."""

from typing import Any

import pytest

from acsevents.samples import as_cloud_event
from shared.errors import InvalidData, NotAnEvent
from shared.events.envelope import open_envelope
from shared.events.timestamps import Instant
from tests import samples

GRID = {
    "id": "1",
    "topic": "/a",
    "subject": "/b",
    "eventType": "T",
    "eventTime": "2020-09-18T00:22:20Z",
    "data": {"x": 1},
    "dataVersion": "1.0",
    "metadataVersion": "1",
}


@pytest.mark.parametrize("form", samples.FORMS)
def test_both_schemas_alone_or_in_an_array_say_the_same(form: str) -> None:
    """The envelope is the same in both schemas and in an array, except for the name of the schema."""
    opened = open_envelope(samples.FORMS[form](GRID))
    envelope = opened.envelope

    assert envelope.schema == ("CloudEventSchemaV1_0" if "Cloud" in form else "EventGridSchema")
    assert (envelope.id, envelope.type, envelope.resource, envelope.subject) == ("1", "T", "/a", "/b")
    assert (envelope.time, opened.payload(), opened.notes) == (Instant.parse("2020-09-18T00:22:20Z"), {"x": 1}, [])


@pytest.mark.parametrize(
    ("event", "schema"),
    [
        ({"id": "1", "eventType": "T"}, "EventGridSchema"),
        ({"id": "1", "EVENTTYPE": "T"}, "EventGridSchema"),
        ({"id": "1", "eventType": "T", "type": "U"}, "EventGridSchema"),
        ({"id": "1", "eventType": "T", "specversion": "1.0"}, "EventGridSchema"),
        ({"id": "1", "type": "T"}, "CloudEventSchemaV1_0"),
        ({"ID": "1", "TYPE": "T"}, "CloudEventSchemaV1_0"),
        ({"id": "1", "type": "T", "specversion": "1.0"}, "CloudEventSchemaV1_0"),
        ({"id": "1", "type": "T", "specVersion": "1.0"}, "CloudEventSchemaV1_0"),
    ],
)
def test_the_schema_is_told_by_the_names(event: dict[str, Any], schema: str) -> None:
    """Field names in any case determine the schema; an `eventType` in exactly this spelling decides."""
    envelope = open_envelope(event).envelope

    assert (envelope.schema, envelope.id, envelope.type) == (schema, "1", "T")


def test_attributes_that_cloud_events_may_have_are_no_drift() -> None:
    """Optional attributes and extensions of CloudEvents are not drift; they stay in the raw text."""
    event = {**as_cloud_event(GRID), "datacontenttype": "application/json", "dataschema": "#1.0"}

    assert open_envelope({**event, "traceparent": "00-1-2-01", "sequence": 7}).notes == []


def test_an_attribute_in_another_casing_is_no_extension() -> None:
    """An attribute in another case is recognized, even beside extensions."""
    event = {**as_cloud_event(GRID), "traceparent": "00-1-2-01"}
    event["Subject"] = event.pop("subject")

    assert open_envelope(event).envelope.subject == "/b"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, r"\$: expected an object, got nothing"),
        (True, r"\$: expected an object, got a boolean"),
        (7, r"\$: expected an object, got a number"),
        ("secret", r"\$: expected an object, got a string"),
        ([], r"\$: expected one event, got an array of 0"),
        ([GRID, GRID], r"\$: expected one event, got an array of 2"),
        ([[GRID]], r"\$: expected an object, got an array"),
        ({**GRID, "id": {"secret": 1}}, r"\$.id: expected a string, got an object"),
        ({**GRID, "id": ""}, r"\$.id: expected a string, got an empty one"),
        ({**GRID, "eventType": 5}, r"\$.eventType: expected a string, got a number"),
        ({"id": "1", "type": None}, r"\$.type: expected a string, got nothing"),
    ],
)
def test_what_is_no_event_is_refused_by_its_type(value: object, problem: str) -> None:
    """The message names types and paths, never content."""
    with pytest.raises(NotAnEvent, match=f"^{problem}$"):
        open_envelope(value)


@pytest.mark.parametrize("data", [None, "text", 5, [], True])
def test_data_that_is_no_object_is_no_payload(data: object) -> None:
    """`data` that is absent or not an object is refused."""
    with pytest.raises(InvalidData, match=r"^\$.data: expected an object, got"):
        open_envelope({**GRID, "data": data}).payload()
