"""A subscription gets the events its filter describes, and no others."""

import json
import operator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsevents.local.event_grid.filters import OPERATORS, wants
from tests.event_grid.rehearsal import cloud_event, event, post, rehearsal, subscription

JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


def _passes(rule: dict[str, Any], fields: dict[str, Any], *, arrays: bool = False) -> bool:
    declared = subscription(
        filter={"advancedFilters": [rule], "enableAdvancedFilteringOnArrays": arrays}
    ).properties.filter
    return wants(declared, json.loads(json.dumps(fields), parse_int=float))


CASES = [
    # operator, declared, event's value, passes
    ("NumberIn", [1, 5], 5, True),
    ("NumberIn", [1, 5], 4, False),
    ("NumberIn", [1], True, False),
    ("NumberIn", [1], "1", False),
    ("NumberNotIn", [1, 5], 4, True),
    ("NumberNotIn", [1, 5], 5, False),
    ("NumberNotIn", [1, 5], None, True),
    ("NumberLessThan", 5, 4.9, True),
    ("NumberLessThan", 5, 5, False),
    ("NumberLessThan", 5, None, False),
    ("NumberGreaterThan", 5, 5.1, True),
    ("NumberGreaterThan", 5, 5, False),
    ("NumberLessThanOrEquals", 5, 5, True),
    ("NumberLessThanOrEquals", 5, 6, False),
    ("NumberGreaterThanOrEquals", 5, 5, True),
    ("NumberGreaterThanOrEquals", 5, 4, False),
    ("NumberInRange", [[1, 2], [5, 6]], 6, True),
    ("NumberInRange", [[1, 2], [5, 6]], 3, False),
    ("NumberNotInRange", [[1, 2], [5, 6]], 3, True),
    ("NumberNotInRange", [[1, 2], [5, 6]], 1, False),
    ("BoolEquals", True, True, True),
    ("BoolEquals", True, False, False),
    ("BoolEquals", True, 1, False),
    ("BoolEquals", False, None, False),
    ("StringIn", ["Ab", "c"], "aB", True),
    ("StringIn", ["ab"], "abc", False),
    ("StringNotIn", ["ab"], "AB", False),
    ("StringNotIn", ["ab"], "abc", True),
    ("StringNotIn", ["ab"], None, True),
    ("StringBeginsWith", ["x", "AB"], "abc", True),
    ("StringBeginsWith", ["bc"], "abc", False),
    ("StringNotBeginsWith", ["ab"], "Abc", False),
    ("StringNotBeginsWith", ["bc"], "abc", True),
    ("StringNotBeginsWith", ["bc"], None, False),
    ("StringEndsWith", ["BC"], "abc", True),
    ("StringEndsWith", ["ab"], "abc", False),
    ("StringNotEndsWith", ["bc"], "aBC", False),
    ("StringNotEndsWith", ["ab"], "abc", True),
    ("StringNotEndsWith", ["ab"], None, False),
    ("StringContains", ["B"], "abc", True),
    ("StringContains", ["d"], "abc", False),
    ("StringNotContains", ["B"], "abc", False),
    ("StringNotContains", ["d"], "abc", True),
    ("StringNotContains", ["d"], None, False),
    ("IsNullOrUndefined", None, None, True),
    ("IsNullOrUndefined", None, 0, False),
    ("IsNullOrUndefined", None, [], False),
    ("IsNotNull", None, "", True),
    ("IsNotNull", None, [], True),
    ("IsNotNull", None, None, False),
]


@pytest.mark.parametrize(("name", "declared", "value", "passes"), CASES)
def test_each_operator_means_what_is_documented(name: str, declared: Any, value: Any, *, passes: bool) -> None:
    """Every operator, on values inside, outside, of another type, and null or absent."""
    takes = OPERATORS[name].takes
    rule: dict[str, Any] = {"operatorType": name, "key": "data.x.y"}
    if takes:
        rule[takes] = declared

    assert _passes(rule, event(data={"x": {"y": value}})) is passes
    if value is None:
        assert _passes(rule, event(data={})) is passes
        assert _passes(rule, event(data="text")) is passes


def test_every_operator_has_cases() -> None:
    """No documented operator goes untested, and all of them are there."""
    assert {case[0] for case in CASES} == set(OPERATORS)
    assert len(OPERATORS) == 19


@pytest.mark.parametrize(
    ("name", "declared", "passes"),
    [
        ("NumberIn", [2], True),
        ("NumberIn", [3], False),
        ("NumberNotIn", [2], False),
        ("NumberNotIn", [3], True),
        ("StringContains", ["b"], True),
        ("StringNotContains", ["b"], False),
    ],
)
def test_arrays_are_compared_value_by_value_when_enabled(name: str, declared: Any, *, passes: bool) -> None:
    """With `enableAdvancedFilteringOnArrays` any value counts, those of other types are ignored; without, none does."""
    rule = {"operatorType": name, "key": "data.x", "values": declared}
    fields = event(data={"x": [1, 2, "abc", None]})

    assert _passes(rule, fields, arrays=True) is passes
    assert _passes(rule, fields) is OPERATORS[name].negated


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Id", "1"),
        ("ID", "1"),
        ("Subject", "/phonenumber/15555555555"),
        ("EventType", "Microsoft.Communication.SMSReceived"),
        ("type", "Microsoft.Communication.SMSReceived"),
        ("Data.message", "hello"),
    ],
)
def test_envelope_keys_read_both_schemas(key: str, value: str) -> None:
    """A filter on the envelope means the same for Event Grid events and CloudEvents."""
    rule = {"operatorType": "StringIn", "key": key, "values": [value]}

    assert _passes(rule, event())
    assert _passes(rule, cloud_event())


def test_topic_source_data_version_and_extensions_are_keys() -> None:
    """`Topic`, `Source`, `DataVersion` and CloudEvents extension attributes can be filtered on."""
    assert _passes({"operatorType": "StringIn", "key": "Topic", "values": ["/t"]}, event(topic="/t"))
    assert _passes({"operatorType": "StringIn", "key": "Source", "values": ["/acs"]}, cloud_event())
    assert _passes({"operatorType": "StringIn", "key": "DataVersion", "values": ["1.0"]}, event())
    assert _passes({"operatorType": "NumberIn", "key": "tenant", "values": [5]}, cloud_event(tenant=5))


@pytest.mark.parametrize(
    ("declared", "passes"),
    [
        ({}, True),
        ({"includedEventTypes": []}, True),
        ({"includedEventTypes": ["All"]}, True),
        ({"includedEventTypes": ["Other", "Microsoft.Communication.SMSReceived"]}, True),
        ({"includedEventTypes": ["Other"]}, False),
        ({"subjectBeginsWith": "/PHONEnumber/", "subjectEndsWith": "555"}, True),
        ({"subjectBeginsWith": "phonenumber/"}, False),
        ({"subjectEndsWith": "556"}, False),
        ({"subjectBeginsWith": "/PHONE", "isSubjectCaseSensitive": True}, False),
        ({"subjectBeginsWith": "/phone", "isSubjectCaseSensitive": True}, True),
    ],
)
def test_event_types_and_subjects_choose(declared: dict[str, Any], *, passes: bool) -> None:
    """Event types are exact, subjects compared without regard to case unless asked; both schemas alike."""
    chosen = subscription(filter=declared).properties.filter

    assert wants(chosen, event()) is passes
    assert wants(chosen, cloud_event()) is passes


def test_filters_are_anded_and_values_ored() -> None:
    """All filters must pass; of one filter's values any one will do."""
    rules = [
        {"operatorType": "StringIn", "key": "data.a", "values": ["x", "y"]},
        {"operatorType": "StringIn", "key": "data.b", "values": ["z"]},
    ]
    chosen = subscription(filter={"advancedFilters": rules}).properties.filter

    assert wants(chosen, event(data={"a": "y", "b": "z"}))
    assert not wants(chosen, event(data={"a": "y", "b": "x"}))
    assert not wants(chosen, event(data={"a": "z", "b": "z"}))


@given(value=JSON, arrays=st.booleans(), name=st.sampled_from(sorted(OPERATORS)))
def test_no_event_content_breaks_a_filter(value: Any, *, arrays: bool, name: str) -> None:
    """Whatever JSON an event carries, every operator answers yes or no."""
    examples = {"number": 1, "range": [0, 1], "boolean": True, "string": "a", "nothing": None}
    takes, kind = OPERATORS[name].takes, OPERATORS[name].kind
    operand = [examples[kind]] if takes == "values" else examples[kind]
    rule: dict[str, Any] = {"operatorType": name, "key": "data"}
    if takes:
        rule[takes] = operand

    assert _passes(rule, event(data=value), arrays=arrays) in (True, False)


@given(value=st.floats(allow_nan=False), limit=st.integers() | st.floats(allow_nan=False, allow_infinity=False))
def test_number_operators_agree_with_arithmetic(value: float, limit: float) -> None:
    """The comparisons are those of numbers, and each Not-operator is the opposite of its twin."""
    fields = {"id": "1", "data": value}

    def passes(name: str, **operand: Any) -> bool:
        rule = {"operatorType": name, "key": "data", **operand}
        return wants(subscription(filter={"advancedFilters": [rule]}).properties.filter, fields)

    assert passes("NumberLessThan", value=limit) is operator.lt(value, limit)
    assert passes("NumberGreaterThanOrEquals", value=limit) is operator.ge(value, limit)
    assert passes("NumberIn", values=[limit]) is not passes("NumberNotIn", values=[limit])
    ends = [[limit, 0]]
    assert passes("NumberInRange", values=ends) is not passes("NumberNotInRange", values=ends)


@given(value=st.text(), part=st.text(max_size=3))
def test_string_operators_are_opposites_and_ignore_case(value: str, part: str) -> None:
    """Each Not-operator is the opposite of its twin, and changing the case of ASCII letters changes nothing."""
    for twin in ("In", "BeginsWith", "EndsWith", "Contains"):
        yes, no = (
            subscription(
                filter={"advancedFilters": [{"operatorType": name, "key": "data", "values": [part]}]}
            ).properties.filter
            for name in (f"String{twin}", f"StringNot{twin}")
        )
        swapped = "".join(char.swapcase() if char.isascii() else char for char in value)
        assert wants(yes, {"data": value}) is not wants(no, {"data": value})
        assert wants(yes, {"data": value}) is wants(yes, {"data": swapped})


async def test_each_subscription_gets_its_own_events(tmp_path: Path) -> None:
    """An event goes to every subscription that wants it; one that nobody wants is counted as dropped."""
    sms = subscription("sms", filter={"includedEventTypes": ["Microsoft.Communication.SMSReceived"]})
    chat = subscription("chat", filter={"includedEventTypes": ["Chat"]})
    everything = subscription("both", filter={"includedEventTypes": ["Microsoft.Communication.SMSReceived", "Chat"]})
    async with rehearsal(tmp_path, sms, chat, everything) as (grid, host):
        await post(grid, [event("1"), event("2", eventType="Chat"), event("3", eventType="Call")])
        await grid.drain(10)
        counts = grid.counts

    arrived = sorted((call.headers["aeg-subscription-name"], *call.ids) for call in host.calls)
    assert arrived == [("BOTH", "1"), ("BOTH", "2"), ("CHAT", "2"), ("SMS", "1")]
    assert (counts.published, counts.matched, counts.delivered, counts.dropped) == (3, 4, 4, 1)
