"""Properties of every event, tested with generated input."""

import json
import re
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoder import decode
from shared.errors import ContentError
from shared.events.event import Event
from shared.rows.dead_letters import dead_letter
from shared.rows.fitting import unpack
from shared.rows.records import TableRow, record_rows
from tests import samples
from tests.core.service_limits import violations
from tests.core.strategies import FEW, FORMS, JSON, MANY, NAMES, delivered, mutated_samples, outcome, shuffled

ROOT: Final = Path(__file__).parents[2]
REASONS = {"not_json", "not_an_event", "unsupported_type", "invalid_data", "missing_key", "oversized"}


def _assert_kept(text: str | bytes) -> Event | ContentError:
    """Assert that a text becomes a record or a dead letter whose rows hold it and are accepted by the service."""
    result = outcome(text)
    if isinstance(result, ContentError):
        assert result.reason in REASONS
        rows = [dead_letter("sms_events", text, result).entity]
    else:
        rows = samples.record_entities(result)
        assert not [problem for row in record_rows(result) for problem in violations(row.entity)]
    for row in rows:
        assert violations(row) == []
        assert _as_bytes(unpack(row)) == _as_bytes(text)
    return result


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


@pytest.mark.promise("No poison loop")
@MANY
@given(JSON)
def test_any_json_value_is_a_record_or_a_content_error(value: Any) -> None:
    """No JSON value is lost or makes Event Grid retry."""
    _assert_kept(json.dumps(value))


@pytest.mark.promise("No poison loop", "Tolerant")
@MANY
@given(mutated_samples())
def test_any_mutated_sample_is_a_record_or_a_content_error(event: Any) -> None:
    """Neither does an event that is nearly valid."""
    _assert_kept(json.dumps(event))


@MANY
@given((mutated_samples() | JSON).filter(lambda event: not isinstance(event, list)))
def test_an_event_alone_and_in_an_array_is_the_same(event: Any) -> None:
    """An event alone that is as expected is read in one step, and every other step by step; both find the same."""
    text = json.dumps(event)
    alone, in_array = outcome(text), outcome(f"[{text}]")

    if isinstance(alone, Event) and isinstance(in_array, Event):
        assert alone == msgspec.structs.replace(in_array, text=text)
    else:
        assert (type(alone), str(alone)) == (type(in_array), str(in_array))


@MANY
@given(st.data())
def test_any_text_with_a_few_letters_changed_is_a_record_or_a_content_error(data: st.DataObject) -> None:
    """Neither does a text that is nearly JSON."""
    text = delivered(samples.event(data.draw(NAMES)), data.draw(FORMS))
    start = data.draw(st.integers(0, len(text)))
    length = data.draw(st.integers(0, 6))
    _assert_kept(text[:start] + data.draw(st.text(max_size=4)) + text[start + length :])


@pytest.mark.promise("No poison loop")
@MANY
@given(st.text(st.characters()) | st.binary())
def test_any_text_at_all_is_a_content_error(text: str | bytes) -> None:
    """Neither does text that is not JSON: invalid UTF-8, lone surrogates, control characters."""
    assert isinstance(_assert_kept(text), ContentError)


@FEW
@given(st.sampled_from([*range(1, 60), *range(300, 520, 7), *range(900, 1010), 5_000]), st.sampled_from("[{"), NAMES)
def test_any_depth_is_a_record_or_a_content_error(depth: int, bracket: str, name: str) -> None:
    """At depths that one step can process and the next cannot: in the envelope, in maps, and in place of objects."""
    deep = {"[": "[" * depth + "]" * depth, "{": '{"a":' * depth + "1" + "}" * depth}[bracket]
    event = samples.event(name)
    places = [{**event, "extra": "@"}, {**event, "eventTime": "@"}]
    places += [
        {**event, "data": {**event["data"], field: "@"}} for field in ("extra", "metadata", "participants", "to")
    ]
    for place in places:
        _assert_kept(json.dumps(place).replace('"@"', deep))
        _assert_kept(json.dumps(place).replace('"@"', f'["\\ud800", {deep}]'))


def test_what_only_the_last_step_cannot_follow_is_not_json() -> None:
    """Each step has less stack left than the one before: what can be parsed may be too deep for the digest."""
    event = {**samples.event("2025/SMSReceived"), "id": "deep"}
    event["data"]["extra"] = "@"
    text = json.dumps(event)
    errors = [outcome(text.replace('"@"', "[" * depth + r'"\ud800"' + "]" * depth)) for depth in range(350, 1_000)]
    refused = [error for error in errors if isinstance(error, ContentError)]

    assert {str(error) for error in refused} == {"$: nested too deeply"}
    assert {error.event_id for error in refused} == {None, "deep"}


@pytest.mark.parametrize("encode", [str, str.encode])
@pytest.mark.parametrize("name", samples.NAMES)
def test_bytes_and_a_byte_order_mark_make_no_difference(name: str, encode: Any) -> None:
    """The same event as text or as UTF-8, with or without the mark, has the same keys and columns."""
    text = delivered(samples.event(name))
    plain, marked = outcome(text), _assert_kept(encode(f"\ufeff{text}"))

    assert isinstance(plain, Event)
    assert isinstance(marked, Event)
    assert (marked.digest, samples.rows(marked)) == (plain.digest, samples.rows(plain))


@pytest.mark.promise("Once")
@MANY
@given(mutated_samples(), st.data())
def test_a_redelivery_has_the_same_rows_whatever_its_key_order(event: Any, data: st.DataObject) -> None:
    """The order of members has no meaning in JSON, so only `Raw` differs."""
    first = outcome(json.dumps(event))
    again = outcome(json.dumps(data.draw(shuffled(event))))
    if isinstance(first, ContentError):
        assert isinstance(again, ContentError)
        assert (again.reason, str(again)) == (first.reason, str(first))
    else:
        assert isinstance(again, Event)
        assert samples.rows(again) == samples.rows(first)


@pytest.mark.promise("Once")
@MANY
@given(NAMES, FORMS, FORMS)
def test_a_redelivery_has_the_same_keys_in_either_schema(name: str, first: str, second: str) -> None:
    """A second subscription with the other schema, or a change of schema, adds no second row."""
    records = [outcome(delivered(samples.event(name), form)) for form in (first, second)]
    rows = [record_rows(record) for record in records if isinstance(record, Event)]

    assert len(rows) == 2
    assert _differing(*rows) - {"Raw"} == ({"EnvelopeSchema"} if first[:5] != second[:5] else set())


@pytest.mark.promise("Once", "Order-free")
@pytest.mark.parametrize("name", samples.NAMES)
@pytest.mark.parametrize(
    ("changes", "later"),
    [
        ({}, set()),
        ({"subject": "another"}, {"Subject"}),
        ({"topic": "/SUBSCRIPTIONS/A/RESOURCEGROUPS/B"}, {"ResourceId"}),
        ({"brandNew": 1}, {"Drift", "DriftCount"}),
        ({"eventTime": "2026-01-01T02:00:00+02:00"}, set()),
    ],
)
def test_the_later_of_two_deliveries_shows_in_the_columns_that_the_documentation_names(
    name: str, changes: dict[str, Any], later: set[str]
) -> None:
    """Subject, unknown envelope fields, and the notation of resource and time do not change the keys."""
    event = {**samples.event(name), "eventTime": "2026-01-01T00:00:00Z", "topic": "/subscriptions/a/resourceGroups/b"}
    first, again = (record_rows(decode(delivered(one))) for one in (event, {**event, **changes}))

    assert _differing(first, again) - {"Raw"} == later


@pytest.mark.parametrize(
    ("page", "start"), [("docs/records.md", "If two deliveries"), ("README.md", "Of two deliveries")]
)
def test_the_documentation_names_the_columns_that_show_the_later_delivery(page: str, start: str) -> None:
    """All that the tests above see differ, and no others; the column of the time line goes with its drift."""
    text = (ROOT / page).read_text("utf-8")
    (sentence,) = re.findall(start + r" of one event [^|]*?(?:\n\n|\|)", text)

    named = {*re.findall("`([A-Za-z]+)`", sentence), "DriftCount"}
    assert named == {"Raw", "EnvelopeSchema", "ResourceId", "Subject", "Drift", "DriftCount"}


def _differing(first: list[TableRow], again: list[TableRow]) -> set[str]:
    """Return the columns that differ in rows of the same keys."""
    assert [row.place for row in first] == [row.place for row in again]
    return {
        column
        for one, other in zip(first, again, strict=True)
        for column in {*one.columns, *other.columns}
        if one.columns.get(column) != other.columns.get(column)
    }


@pytest.mark.promise("Never silently merged")
@pytest.mark.parametrize("time", ["2021-02-19T01:25:58.927+01:00", "2021-02-19T00:25:58.9270Z"])
def test_data_is_compared_as_it_came(time: str) -> None:
    """The same instant in another notation is different data, and so another row; stories merge the two."""
    event = samples.event("2021/ChatMessageReceived")
    first = decode(delivered(event))
    event["data"]["composeTime"] = time
    again = decode(delivered(event))

    assert first.facts == again.facts
    assert first.digest != again.digest


@pytest.mark.promise("Never silently merged")
@FEW
@given(JSON, JSON)
def test_different_data_has_different_keys(one: Any, other: Any) -> None:
    """Two events with the same id and any difference in their data are both kept."""
    texts = [_with_tag(json.dumps(value)) for value in (one, other)]
    records = [outcome(text) for text in texts]

    assert all(isinstance(record, Event) for record in records)
    same = _exactly(json.loads(json.dumps(one))) == _exactly(json.loads(json.dumps(other)))
    assert same == (len({record.digest for record in records if isinstance(record, Event)}) == 1)


LOOKALIKES = [
    *("1", "1.0", "1.00", '"1"', "true", "[1]", "10", "-1", "0", "false", "null", '""', "[]", "{}", "[[]]", "[null]"),
    *("NaN", '"NaN"', "Infinity", "-Infinity", "1e999", "1e998", '"1e999"', "1e99999999999999999999"),
    *('"1e99999999999999999999"', "1e99999999999999999998", "12345678901234567890123", "12345678901234567890124"),
    *(r'"\ud800"', r'"\ud801"', r'"\udc00"', r'"\ufffd"', r'"\ud83c\udf3b"', r'"\udf3b\ud83c"', '"\u00ed\u00a0\u0080"'),
    *(r'{"\ud800": 1}', r'{"\ud801": 1}', r'{"\ufffd": 1}', '{"a": 1}', '{"A": 1}', '{"a": [1]}', '{"a": null}', '" "'),
    *(r'"\u0000"', r'"\u0001"', '"0.1"', "0.1", "0.10000000000000001", "0.1000000000000000055511151231257827"),
    *(r'["\ud800", 0.1]', r'["\ud800", 0.10]', r'["\ud800", 1e999]', r'["\ud800", 1e998]', r'["\ud800", NaN]'),
    *("9007199254740992", "9007199254740993", "9007199254740993.0", '"\u00e9"', '"e\u0301"', '"\u212b"', '"\u00c5"'),
]


@pytest.mark.promise("Never silently merged")
def test_lookalikes_have_different_keys() -> None:
    """Numbers and texts, true and 1, digits beyond a double, and different lone surrogates stay distinct."""
    records = [outcome(_with_tag(value)) for value in LOOKALIKES]

    assert len({record.digest for record in records if isinstance(record, Event)}) == len(LOOKALIKES)


@pytest.mark.promise("Never silently merged")
@pytest.mark.parametrize("field", ["id", "topic", "eventTime", "eventType"])
def test_another_id_resource_time_or_type_is_another_event(field: str) -> None:
    """The digest covers all of them, even unreadable ones."""
    others: dict[str, list[Any]] = {
        "id": ["1", "2", "\ud800", "\ufffd"],
        "topic": ["/a", "/b", "", None, ["a"], ["b"], ["a", "b"], {"a": 1}, 5, "5", True],
        "eventTime": [
            None,
            637359856670000000,
            "637359856670000000",
            "2020-09-18T00:27:47Z",
            "2020-09-18T00:27:47",
            5,
            "5",
        ],
        "eventType": ["Microsoft.Communication.SMSReceived", "Microsoft.Communication.SMSDeliveryReportReceived"],
    }
    event = samples.event("2025/SMSReceived")
    records = [outcome(json.dumps({**event, field: value})) for value in others[field]]

    assert len({record.digest for record in records if isinstance(record, Event)}) == len(others[field])


def _with_tag(value: str) -> str:
    event = samples.event("2025/SMSDeliveryReportReceived")
    event["data"]["extra"] = "@"
    return json.dumps(event).replace('"@"', value)


def _exactly(value: Any) -> Any:
    """Return a value that is equal only for the same JSON: 1 equals neither 1.0 nor true."""
    if isinstance(value, dict):
        return {name: _exactly(part) for name, part in value.items()}
    return [_exactly(item) for item in value] if isinstance(value, list) else (type(value), repr(value))
