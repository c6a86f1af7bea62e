"""Every property of every event type: missing, null, empty, or of another type.

The cases are derived from the samples and the models of their types, and the expected outcome from the failure policy:
a fact that the keys need must be a text that is not empty, or else the event becomes a dead letter; any other value of
a wrong type is left out and noted.
"""

import json
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import msgspec
import pytest
from msgspec import inspect

from shared import catalogue
from shared.decoder import decode
from shared.errors import ContentError
from shared.events.facts import column_of
from shared.events.numbers import Int64
from shared.events.timestamps import Instant
from shared.rows.records import record_columns, record_rows
from tests import samples
from tests.core.models import fields_of
from tests.core.service_limits import violations
from tests.core.strategies import delivered, outcome

ABSENT: Final = object()

_OTHER_TYPES: Final[tuple[object, ...]] = (7, 1.5, True, "a text", ["a text"], {"a": "text"}, [7], [[]])


class Case(NamedTuple):
    """A sample with one property replaced."""

    sample: str
    field: str
    value: object

    def __str__(self) -> str:
        return f"{self.sample} {self.field} {'absent' if self.value is ABSENT else json.dumps(self.value)}"


def _all_cases() -> Iterator[Case]:
    for sample in samples.NAMES:
        for field in fields_of(samples.event_type(sample).payload):
            for value in (ABSENT, None, "", [], {}, *_OTHER_TYPES):
                yield Case(sample, field, value)


CASES: Final = list(_all_cases())


def _event_of(case: Case) -> samples.Event:
    event = samples.event(case.sample)
    data = {name: part for name, part in event["data"].items() if name.lower() != case.field.lower()}
    return {**event, "data": data if case.value is ABSENT else {**data, case.field: case.value}}


def _columns_fed_by(event_type: catalogue.EventType, json_name: str) -> set[str]:
    """Return the columns that a field feeds."""
    (field,) = [field.name for field in msgspec.structs.fields(event_type.payload) if field.encode_name == json_name]
    return {column_of(fact) for fact in event_type.payload.feeds.get(field, (field,))}


def _is_right(field_type: inspect.Type, value: object) -> bool:
    """Return whether a value is of a field's type."""
    if value is None:
        return True
    if isinstance(field_type, (inspect.StructType, inspect.DictType)):
        return isinstance(value, dict)
    if isinstance(field_type, inspect.ListType):
        return value == []
    if isinstance(field_type, inspect.IntType) or (
        isinstance(field_type, inspect.CustomType) and issubclass(field_type.cls, Int64)
    ):
        return type(value) is int
    return isinstance(value, str)


def _is_noted(case: Case) -> bool:
    """Return whether `Drift` must name the field: for other types, unreadable times, and unknown members."""
    if case.value is ABSENT or case.value is None:
        return False
    field_type = fields_of(samples.event_type(case.sample).payload)[case.field]
    is_time = isinstance(field_type, inspect.CustomType) and field_type.cls is Instant
    has_unknown_part = isinstance(field_type, inspect.StructType) and case.value != {}
    return is_time or has_unknown_part or not _is_right(field_type, case.value)


def _expected_reason(event: samples.Event) -> str | None:
    """Return the reason of the dead letter that the failure policy requires, or None for a record."""
    event_type = catalogue.EVENT_TYPES[event["eventType"]]
    types = fields_of(event_type.payload)
    values = {name.lower(): value for name, value in event["data"].items()}
    for fact in event_type.key_facts:
        found = [(types[field], values.get(field.lower())) for field in event_type.payload.sources(fact)]
        if not any(_is_right(*source) and _text_of(source[1]) for source in found):
            return "missing_key" if all(_is_right(*source) for source in found) else "invalid_data"
    return None


def _text_of(value: object) -> object:
    return value.get("rawId") if isinstance(value, dict) else value


def _notes(columns: dict[str, Any]) -> list[str]:
    return list(json.loads(columns.get("Drift", "[]")))


@pytest.mark.promise("Tolerant")
@pytest.mark.parametrize("sample", samples.NAMES)
def test_each_property_may_be_absent_null_empty_or_of_another_type(sample: str) -> None:
    """The event is recorded with a note and without the columns of that property, or dead-lettered with the reason."""
    whole = record_columns(decode(delivered(samples.event(sample))))
    for case in (case for case in CASES if case.sample == sample):
        event = _event_of(case)
        result = outcome(delivered(event))
        if isinstance(result, ContentError):
            assert _expected_reason(event) == result.reason, str(case)
            continue
        columns = record_columns(result)
        changed = {name for name in {*whole, *columns} - {"Raw", "Drift"} if whole.get(name) != columns.get(name)}

        assert _expected_reason(event) is None, str(case)
        assert not [problem for row in record_rows(result) for problem in violations(row.entity)], str(case)
        assert changed <= _columns_fed_by(catalogue.EVENT_TYPES[event["eventType"]], case.field), str(case)
        assert _is_noted(case) == any(note.startswith(f"$.data.{case.field}") for note in _notes(columns)), str(case)


ENVELOPE: Final = {
    "id": "not_an_event",
    "eventType": "not_an_event",
    "data": "invalid_data",
    "topic": "ResourceId",
    "subject": "Subject",
    "eventTime": "EventTime",
    "dataVersion": "",
    "metadataVersion": "",
}


@pytest.mark.parametrize("form", samples.FORMS)
@pytest.mark.parametrize(("field", "needed"), ENVELOPE.items())
@pytest.mark.promise("Tolerant")
def test_each_part_of_the_envelope_may_be_absent_null_empty_or_of_another_type(
    field: str, needed: str, form: str
) -> None:
    """Without id, type or data there is no record; without any other field the record lacks one column."""
    for value in (ABSENT, None, "", 7, 1.5, True, [], ["a"]):
        event = samples.event("2021/ChatMessageReceived")
        del event[field]
        if value is not ABSENT:
            event[field] = value
        result = outcome(delivered(event, form))
        if isinstance(result, ContentError):
            assert result.reason == needed
            continue
        is_empty_text = value == "" and needed in {"ResourceId", "Subject"}
        is_given = value is not ABSENT and value is not None and not is_empty_text

        assert needed not in {"not_an_event", "invalid_data"}
        assert record_columns(result).get(needed) == ("" if is_empty_text else None)
        assert bool(_notes(record_columns(result))) == (needed == "EventTime" or (needed != "" and is_given))


@pytest.mark.parametrize(
    "part", ["kind", "communicationUser", "phoneNumber", "microsoftTeamsUser", "microsoftTeamsApp"]
)
@pytest.mark.parametrize("value", [7, ["a"], True])
def test_a_wrong_part_of_an_identifier_does_not_cost_the_raw_id(part: str, value: object) -> None:
    """The keys need only the raw id, so the event is recorded, and the other member is left out and noted."""
    event = samples.event("2021/ChatMessageReceived")
    del event["data"]["recipientId"]
    event["data"]["recipientCommunicationIdentifier"][part] = value
    columns = record_columns(decode(delivered(event)))

    assert event["data"]["recipientCommunicationIdentifier"]["rawId"] == columns["RecipientId"]
    assert columns["RecipientKind"] == "communicationUser"
    assert [f"$.data.recipientCommunicationIdentifier.{part}"] == [note.partition(":")[0] for note in _notes(columns)]


@pytest.mark.parametrize(("raw_id", "reason"), [(7, "invalid_data"), (None, "missing_key"), ("", "missing_key")])
def test_an_identifier_without_a_raw_id_makes_no_key(raw_id: object, reason: str) -> None:
    """A raw id of another type is invalid; an absent or empty one is missing."""
    event = samples.event("2021/ChatMessageReceived")
    del event["data"]["recipientId"]
    event["data"]["recipientCommunicationIdentifier"] = {"rawId": raw_id}
    error = outcome(delivered(event))

    assert isinstance(error, ContentError)
    assert reason == error.reason


@pytest.mark.parametrize("form", samples.FORMS)
@pytest.mark.parametrize("name", [name for name in samples.NAMES if "/Chat" in name])
def test_what_the_vendor_sends_costs_no_tolerance(name: str, form: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Chat events of all generations are read in one step, with extensions of CloudEvents and odd versions beside them.

    Nor does an odd event make those after it slower. Only SMS samples are respelled: their names are in the wrong case.
    """
    event = samples.event(name)
    assert decode(json.dumps(samples.FORMS[form]({**event, "data": event["data"] | {"version": "odd"}}))).drift

    def read_field_by_field(*_: object) -> None:
        pytest.fail("an ordinary event is read field by field, which takes twice as long")

    monkeypatch.setattr("shared.events.reading._TolerantReader.read", read_field_by_field)
    event["data"] |= {"version": 1613694358927.0}
    sent = samples.FORMS[form](event)
    if form == "CloudEvents object":
        sent["traceparent"] = "00-1-2-01"

    assert decode(json.dumps(sent)).drift == ()
