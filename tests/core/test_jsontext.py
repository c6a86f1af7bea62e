"""JSON text: parsed without loss, written in one form."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import NotJson
from shared.events.jsontext import canonical, compact, parse
from tests.core.strategies import JSON, MANY, shuffled


@MANY
@given(JSON, st.data())
def test_one_value_has_one_canonical_form(value: Any, data: st.DataObject) -> None:
    """Key order, white space and escapes do not change the canonical form."""
    texts = [
        json.dumps(value),
        json.dumps(data.draw(shuffled(value)), indent=2),
        json.dumps(value, ensure_ascii=False),
        f"\ufeff {json.dumps(value)}\r\n",
    ]

    assert len({canonical(parse(text).exact) for text in texts}) == 1


@MANY
@given(JSON)
def test_a_clean_value_can_be_written_to_a_column(value: Any) -> None:
    """It is valid JSON in UTF-8, and loses nothing but lone surrogates and NaN."""
    written = compact(parse(json.dumps(value)).clean)

    read = json.loads(written.encode(), parse_constant=pytest.fail)
    assert _is_odd(value) or read == json.loads(json.dumps(value))


def _is_odd(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_is_odd(part) for item in value.items() for part in item)
    if isinstance(value, list):
        return any(_is_odd(item) for item in value)
    if isinstance(value, str):
        return any("\ud800" <= character <= "\udfff" for character in value)
    return isinstance(value, float) and value - value != 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", r"at character 0"),
        ("\ufeff", r"at character 0"),
        ("{", r"at character 1"),
        ('{"a": 1,}', r"at character \d"),
        ("1 2", r"at character 2"),
        ('"\t"', r"at character 1"),
        ("// comment\n1", r"at character 0"),
        ("'a'", r"at character 0"),
        ("undefined", r"at character 0"),
        (b"\xff", r"not UTF-8 at byte 0"),
        (b'"\xed\xa0\x80"', r"not UTF-8 at byte 1"),
        ("{}".encode("utf-16"), r"not UTF-8 at byte 0"),
        ("1" * 5_000, r"an integer of more digits than can be read"),
        ('{"a":' * 100_000, r"nested too deeply"),
        ("[" * 100_000 + "]" * 100_000, r"nested too deeply"),
    ],
)
def test_what_is_no_json_is_refused_with_the_place(text: str | bytes, problem: str) -> None:
    """The error has the problem and the position, but no content."""
    with pytest.raises(NotJson, match=problem):
        parse(text)


def test_ordinary_json_is_parsed_once() -> None:
    """The exact and the clean value are the same object unless there is something to clean."""
    ordinary, odd = parse('{"a": [1, "\\ud83c\\udf3b"]}'), parse('{"a": [1, "\\ud83c"]}')

    assert ordinary.clean is ordinary.exact
    assert (odd.exact, odd.clean) == ({"a": [1, "\ud83c"]}, {"a": [1, "\ufffd"]})


@pytest.mark.parametrize(
    "number", ["0.1", "0.10", "1E+5", "100000.0", "1E-7", "123456789012345678901234567890.5", "1E+999"]
)
def test_numbers_keep_their_digits(number: str) -> None:
    """Numbers are not converted to doubles: they are written with the digits that were read."""
    assert compact(parse(f"[{number}]").clean) == f"[{number}]"
