"""Keys: valid for any text, and reversible."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoder import decode
from shared.rows import keys
from shared.rows.text import cut, utf16_units
from tests import samples
from tests.core.service_limits import violations
from tests.core.strategies import MANY, delivered

_NASTY = st.text(st.sampled_from("/\\#?%=~'\"25F\x00\x1f\x7f\x85\x9f é\u0100🌻+ "))
TEXTS = st.text() | _NASTY | st.text(min_size=60, max_size=300) | st.builds(lambda part: part * 40, _NASTY)


def _problems(key: str) -> list[str]:
    return violations({"PartitionKey": key, "RowKey": f"{key}~{'0' * 19}~{'0' * 16}"})


@MANY
@given(TEXTS)
def test_any_text_becomes_a_legal_key(text: str) -> None:
    """A key has no forbidden character and at most 250 units, so that 37 more fit in a RowKey."""
    assert _problems(keys.key(text)) == []
    assert utf16_units(keys.key(text)) <= 250


@MANY
@given(TEXTS)
def test_a_key_that_was_not_shortened_reads_back(text: str) -> None:
    """The text can be restored from the key."""
    key = keys.key(text)
    escaped = "".join(
        f"={byte:02X}" if _is_escaped(c) else c for c in text for byte in (c.encode() if _is_escaped(c) else b"-")
    )

    if utf16_units(escaped) <= 250:
        assert key == escaped
        assert keys.text_of(key) == text
    else:
        assert key[-17] == "~"


@MANY
@given(TEXTS, TEXTS)
def test_different_texts_have_different_keys(one: str, other: str) -> None:
    """Even if both are shortened, or if one text looks like the escaped form of the other."""
    assert (one == other) == (keys.key(one) == keys.key(other))
    assert (keys.key(one) == one) or keys.key(keys.key(one)) != keys.key(one)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("+15555550100", "+15555550100"),
        ("19:7bdf5504@thread.v2", "19:7bdf5504@thread.v2"),
        ("8:acs:1_2", "8:acs:1_2"),
        ("a/b\\c#d?e%f", "a=2Fb=5Cc=23d=3Fe=25f"),
        ("%2F", "=252F"),
        ("\x00\x1f\x7f\x80\x9f", "=00=1F=7F=C2=80=C2=9F"),
        ("é🌻 ~'", "é🌻 ~'"),
        ("", ""),
    ],
)
def test_keys_are_written_as_the_design_has_them(text: str, key: str) -> None:
    """Escapes are `=` and upper-case hex of the UTF-8 bytes; all other characters are unchanged."""
    assert keys.key(text) == key
    assert keys.text_of(key) == text


@pytest.mark.parametrize("unit", ["x", "é", "🌻", "/"])
def test_long_texts_keep_two_hundred_units_and_a_digest_of_the_whole(unit: str) -> None:
    """Lengths are in UTF-16 units, as the service counts; a character is never split."""
    long = [keys.key(unit * 300 + end) for end in "ab"]
    kept = long[0].rpartition("~")[0]

    assert utf16_units(kept) == 200
    assert kept == long[1].rpartition("~")[0]
    assert long[0] != long[1]
    assert _problems(keys.key("x" + unit * 300)) == []


def _is_escaped(character: str) -> bool:
    return character in "/\\#?%=" or character < " " or "\x7f" <= character <= "\x9f"


def test_the_longest_text_that_is_not_shortened_has_250_units() -> None:
    """A text of 251 units is shortened."""
    assert [keys.key("x" * 250), len(keys.key("x" * 251)), keys.key("🌻" * 125)] == ["x" * 250, 217, "🌻" * 125]


@pytest.mark.parametrize(("text", "units"), [("", 0), ("abc", 3), ("é", 1), ("🌻", 2), ("a🌻b", 4), ("\ud800", 1)])
def test_lengths_are_counted_as_the_service_counts(text: str, units: int) -> None:
    """In UTF-16 units: two for an emoji, one for a lone surrogate."""
    assert utf16_units(text) == units


@MANY
@given(st.text(), st.integers(0, 20))
def test_a_cut_text_is_the_longest_beginning_that_fits(text: str, units: int) -> None:
    """It never ends within a character."""
    kept = cut(text, units)

    assert text.startswith(kept)
    assert utf16_units(kept) <= units
    rest = text[len(kept) :]
    assert not rest or utf16_units(kept + rest[0]) > units


@pytest.mark.parametrize("owner", ["/\\#?%", "\x00", "🌻" * 400, "' or 1 eq 1", "..", " ", "x" * 5_000])
def test_events_of_any_owner_and_message_have_legal_keys(owner: str) -> None:
    """Keys are valid for any number and message id of an SMS."""
    event = samples.event("2025/SMSReceived")
    event["data"] |= {"to": owner, "messageId": owner}
    rows = samples.record_entities(decode(delivered(event)))

    assert [problem for row in rows for problem in violations(row)] == []
    assert len(rows) == 2


def test_rows_sort_newest_first_and_under_their_message_oldest_first() -> None:
    """Table Storage sorts keys by code units; ticks have a fixed width in both directions."""
    event = samples.event("2025/SMSReceived")
    times = [
        "1601-01-01T00:00:00Z",
        "1999-12-31T23:59:59.9999999Z",
        "2000-01-01T00:00:00Z",
        "9999-12-31T23:59:59.9999999Z",
    ]
    records = [decode(delivered({**event, "eventTime": time})) for time in times]
    rows: list[list[dict[str, Any]]] = [samples.record_entities(record) for record in records]

    assert [newest["RowKey"] for newest, _ in rows] == sorted((newest["RowKey"] for newest, _ in rows), reverse=True)
    assert [filed["RowKey"] for _, filed in rows] == sorted(filed["RowKey"] for _, filed in rows)
    assert {len(newest["RowKey"]) for newest, _ in rows} == {19 + 1 + 16}
