"""Reading into models: nothing is refused, every deviation is noted, and the order of members has no effect."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoder import decode
from shared.events.jsontext import parse
from shared.events.numbers import Int32
from shared.events.reading import Tolerant, _shape_of, read_model
from shared.rows.records import record_columns
from tests import samples
from tests.core.strategies import FEW, JSON


class Inner(Tolerant):
    """A nested model."""

    raw_id: str | None = None
    count: Int32 | None = None


class Outer(Tolerant):
    """A model with one of each kind of field."""

    one: Inner | None = None
    many: list[Inner] | None = None
    text: str | None = None
    anything: dict[str, Any] | None = None


@pytest.mark.parametrize(
    ("value", "model", "drift"),
    [
        ({}, Outer(), []),
        ({"text": "a", "one": {"rawId": "b", "count": 1}}, Outer(text="a", one=Inner("b", 1)), []),
        ({"TEXT": "a", "One": {"RAWID": "b"}}, Outer(text="a", one=Inner("b")), []),
        ({"many": [{"RawId": "a"}, {"rawid": "b"}]}, Outer(many=[Inner("a"), Inner("b")]), []),
        ({"many": [{"new": 1}]}, Outer(many=[Inner()]), ["$.many[0].new: not in the model"]),
        ({"anything": {"TEXT": {"New": 1}}}, Outer(anything={"TEXT": {"New": 1}}), []),
        ({"text": 7}, Outer(), ["$.text: Expected `str`, got `int`"]),
        (
            {"text": 7, "Text": "a"},
            Outer(),
            ["$.Text: ignored, since text is there too", "$.text: Expected `str`, got `int`"],
        ),
        ({"one": "a"}, Outer(), ["$.one: Expected `object`, got `str`"]),
        (
            {"one": {"rawId": 7, "count": "8"}},
            Outer(one=Inner(None, 8)),
            ["$.one.rawId: Expected `str`, got `int`"],
        ),
        (
            {"one": {"rawId": "a", "count": []}},
            Outer(one=Inner("a")),
            ["$.one.count: not a whole number"],
        ),
        (
            {"many": [{"rawId": 7, "count": 1}, {"rawId": "b"}]},
            Outer(many=[Inner(None, 1), Inner("b")]),
            ["$.many[0].rawId: Expected `str`, got `int`"],
        ),
        (
            {"many": [[{"x": 1}], {"rawId": "b"}, 7, None]},
            Outer(many=[Inner("b")]),
            [
                "$.many[0]: Expected `object`, got `array`",
                "$.many[2]: Expected `object`, got `int`",
                "$.many[3]: Expected `object`, got `null`",
            ],
        ),
        ({"many": "null"}, Outer(), ["$.many: Expected `array`, got `str`"]),
        ({"one": {"count": "null"}}, Outer(one=Inner()), ["$.one.count: not a whole number"]),
        ({"one": {"count": Decimal("1.0")}}, Outer(one=Inner(None, 1)), []),
        ({"one": {"count": Decimal("1.000e2")}}, Outer(one=Inner(None, 100)), []),
        # All their digits would take hours to write out.
        *(
            ({"one": {"count": number}}, Outer(one=Inner()), [f"$.one.count: {problem}"])
            for number, problem in (
                ("1e999999999", "not within 32 bits"),
                (Decimal("-1e999999999"), "not within 32 bits"),
                ("+" + "1" * 200_000, "not within 32 bits"),
                ("1e-999999999", "not a whole number"),
            )
        ),
        ({"many": {"rawId": "a"}}, Outer(), ["$.many: Expected `array`, got `object`"]),
        ({"one": None, "many": None, "text": None}, Outer(), []),
    ],
)
def test_a_value_is_read_as_far_as_it_can_be(value: dict[str, Any], model: Outer, drift: list[str]) -> None:
    """What fits the model is read, the rest is noted with its path, and reading again gives the same."""
    for _ in range(2):
        reading = read_model(value, Outer, "$")

        assert (repr(reading.model), reading.notes) == (repr(model), drift)
        assert isinstance(reading.model, Outer)


@pytest.mark.parametrize(
    ("value", "rejected"),
    [
        ({"text": 7}, {"text"}),
        ({"one": {"rawId": 7}}, {"one"}),
        ({"one": [], "many": [7], "text": "a"}, {"one", "many"}),
        ({"text": None, "new": 7}, set()),
    ],
)
def test_what_was_left_out_for_its_type_is_told(value: dict[str, Any], rejected: set[str]) -> None:
    """`rejected` has the JSON name of the outermost field, whether it was left out whole or in part."""
    assert read_model(value, Outer, "$").rejected == rejected


_SPELLINGS = st.sampled_from(
    ["one", "ONE", "One", "many", "Many", "text", "TEXT", "Text", "tExt", "rawId", "new", "\u212a", ""]
)
_CLEAN = JSON.map(lambda value: parse(json.dumps(value)).clean)


@FEW
@given(st.dictionaries(_SPELLINGS, _CLEAN | st.dictionaries(_SPELLINGS, _CLEAN)), st.data())
def test_the_order_of_arrival_makes_no_difference(value: dict[str, Any], data: st.DataObject) -> None:
    """Even for two spellings of one name, and whatever was read before."""
    names = data.draw(st.permutations(sorted(value)))
    one, other = read_model(value, Outer, "$"), read_model({name: value[name] for name in names}, Outer, "$")

    assert (repr(one.model), one.notes, one.rejected) == (repr(other.model), other.notes, other.rejected)


@FEW
@given(st.text(st.characters(categories=["Cs", "Lu", "Ll", "Nd"]), min_size=1))
def test_names_may_be_any_text(name: str) -> None:
    """Even with lone surrogates, in the envelope and in `data`; the note can be stored in its column."""
    event = samples.event("2025/SMSReceived")
    event["data"][f"{name}+"] = event[f"{name}+"] = 1
    columns = record_columns(decode(json.dumps(event)))

    assert len(json.loads(str(columns["Drift"]).encode())) == 2


def test_a_spelling_that_is_not_met_again_inside_is_read_all_the_same() -> None:
    """What was learned from one object is tried on the next, which may spell its inner names in another way."""
    for inner in ({"RAWID": "a"}, {"rawId": "a"}, {"RawId": "a", "NEW": 1}, {"RAWID": "a"}):
        reading = read_model({"TexT": "b", "manY": [inner, {"rawid": "c"}]}, Outer, "$")

        assert repr(reading.model) == repr(Outer(text="b", many=[Inner("a"), Inner("c")]))
        assert reading.notes == (["$.many[0].NEW: not in the model"] if "NEW" in inner else [])


def test_the_memory_of_spellings_is_bounded() -> None:
    """Beyond a hundred, objects are read as well, only slower."""
    for casing in range(2**8):
        name = "".join(letter.upper() if casing >> at & 1 else letter for at, letter in enumerate("anything"))
        assert read_model({name: {"a": 1}}, Outer, "$").model.anything == {"a": 1}

    assert len(_shape_of(Outer).respelled) <= 100
