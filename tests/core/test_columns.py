"""Columns: their types, the limits of the service, and the whole text beside them."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rows import columns
from shared.rows.columns import Edm, Entity, edm_type
from shared.rows.fitting import ENTITY_BYTES, PACKED_BYTES, drift_column, entity_bytes, fit, pack, unpack
from tests.core.service_limits import violations
from tests.core.strategies import FEW, MANY
from tests.documented import EDM_TYPES, JSON_COLUMNS

KEYS: Entity = {"PartitionKey": "p" * 250, "RowKey": "r" * 287}
TEXTS = st.text(st.characters()) | st.binary() | st.text(st.sampled_from("🌻é\x00\ud83c\r\n\ufffe\x85"))
LONG = st.builds(
    lambda part, count: part * count, st.sampled_from(["x", "é", "🌻", "\ud800", "\x00"]), st.integers(0, 70_000)
)


def _as_bytes(text: str | bytes) -> bytes:
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def test_the_columns_are_those_of_the_documentation_with_their_types() -> None:
    """People query the tables by the documentation, so code and documentation have the same columns and types."""
    written = {name: str(edm) for name, edm in columns.COLUMNS.items()}
    documented = {name: edm for name, edm in EDM_TYPES.items() if not name.startswith(columns.COMPRESSED)}

    assert written == documented, "edit the tables of columns in docs/records.md, or shared/events/facts.py"
    assert columns.JSON_COLUMNS == JSON_COLUMNS, "edit the tables of columns in docs/records.md"


def test_every_column_has_a_type() -> None:
    """The numbered columns of a compressed text have one too."""
    assert [edm_type("Version"), edm_type("RawZ0"), edm_type("RawZ17")] == [Edm.INT64, Edm.BINARY, Edm.BINARY]
    with pytest.raises(KeyError):
        edm_type("Timestamp")


@pytest.mark.promise("Whole")
@MANY
@given(TEXTS | LONG)
def test_any_text_is_kept_whole(text: str | bytes) -> None:
    """Any text fits columns that the service accepts, and reads back equal; bytes in UTF-8 read back as text."""
    row: dict[str, Any] = {**KEYS, **pack(text)}

    assert violations(row) == []
    assert _as_bytes(unpack(row)) == _as_bytes(text)
    assert isinstance(unpack(row), str) or isinstance(text, bytes)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("x" * 31_000, ["Raw"]),
        ("x" * 31_001, ["RawZ0"]),
        ("🌻" * 15_500, ["Raw"]),
        ("🌻" * 15_501, ["RawZ0"]),
        ("", ["Raw"]),
        ("line\r\nline\ttab", ["Raw"]),
        ("half \ud83c", ["RawZ0"]),
        ("\x00", ["RawZ0"]),
        (b"bytes", ["RawZ0"]),
        (random.Random(1).randbytes(60_000 * 2 - 100), ["RawZ0", "RawZ1"]),
        (random.Random(1).randbytes(60_000 * 9 + 100), [f"RawZ{number}" for number in range(10)]),
    ],
)
def test_a_text_is_plain_while_it_fits_a_string_property(text: str | bytes, kept: list[str]) -> None:
    """A text up to 31,000 UTF-16 units is stored as it is.

    A longer one, or one that a string property cannot hold, is compressed in chunks.
    """
    entity = pack(text)

    assert list(entity) == kept
    assert max(len(chunk) for chunk in entity.values() if isinstance(chunk, (str, bytes))) <= 60_000


def test_a_row_without_text_says_so() -> None:
    """A row without a text raises ValueError."""
    with pytest.raises(ValueError, match="no text"):
        unpack({"PartitionKey": "p", "RowKey": "r"})


_VALUES = st.one_of(st.text(), LONG.map(lambda text: text.replace("\ud800", "?")), st.integers(0, 9))
_COLUMNS = st.dictionaries(
    st.sampled_from(["Body", "Subject", "Participants", "Metadata", "Tag", "EventId", "To"]), _VALUES
)


@FEW
@given(_COLUMNS, st.integers(0, PACKED_BYTES - 1_000), st.lists(st.text(max_size=90)))
@pytest.mark.promise("Bounded")
def test_any_columns_fit_beside_any_text(values: dict[str, Any], size: int, drift: list[str]) -> None:
    """Texts are cut and JSON is left out, the largest first, until the row fits.

    `Drift` records it and fits as well.
    """
    fixed: Entity = {f"RawZ{number}": bytes(min(60_000, size - at)) for number, at in enumerate(range(0, size, 60_000))}
    fitted, notes = fit(values, fixed)
    row: Entity = {**fitted, **fixed}
    row |= drift_column(drift * 500 + notes, ENTITY_BYTES - entity_bytes(row))

    assert violations({**KEYS, **row}) == []
    for name, value in values.items():
        kept = fitted.get(name)
        assert (kept == value) != any(note.startswith(f"{name}: ") for note in notes)
        assert kept is None or kept == value or (name != "Participants" and str(value).startswith(str(kept)))
    assert not notes or "Drift" in row


def test_what_is_cut_and_what_is_left_out_is_told() -> None:
    """A long text is cut, long JSON is left out, and `Drift` records both."""
    fitted, drift = fit({"Body": "🌻" * 20_000, "Participants": "[" * 31_001, "Tag": "x" * 31_000}, {})

    assert fitted == {"Body": "🌻" * 15_500, "Tag": "x" * 31_000}
    assert drift == [
        "Body: cut at 31000 UTF-16 units",
        "Participants: left out, over 31000 UTF-16 units",
    ]


def test_the_small_columns_stay_where_the_row_is_full() -> None:
    """A long text does not displace the small columns that identify the event."""
    full: Entity = {f"RawZ{number}": bytes(60_000) for number in range(17)}
    fitted, drift = fit({"Body": "x" * 9_000, "Kind": "sms.received", "RecordVersion": 1}, full)

    assert fitted == {"Kind": "sms.received", "RecordVersion": 1}
    assert drift == ["Body: left out, the row is full"]


@pytest.mark.parametrize("count", [0, 1, 500, 10_000, 200_000])
def test_drift_tells_how_much_it_does_not_tell(count: int) -> None:
    """`Drift` is a JSON array that fits its column; its last note counts the notes that did not fit."""
    notes = [f"$.data.{number:06}: not in the model" for number in range(count)]
    column = drift_column(notes)
    told = json.loads(str(column.get("Drift", "[]")))
    omitted = int(told.pop().split()[2]) if told[-1:] != notes[-1:] else 0

    assert told == notes[: len(told)]
    assert len(told) + omitted == count
    assert violations({**KEYS, **column}) == []


def test_drift_takes_the_room_that_it_is_given_and_no_more() -> None:
    """`Drift` uses its room to the byte: with one byte less, the note is only counted."""
    notes = ["$.data.extra: not in the model 🌻"]
    column = drift_column(notes)
    needed = entity_bytes(column) - 4

    assert drift_column(notes, needed) == column
    assert json.loads(str(drift_column(notes, needed - 1)["Drift"])) == ["$: and 1 more"]


@pytest.mark.parametrize("name", ["Body", "EventTime", "Version", "SegmentCount", "RawZ0"])
def test_sizes_are_never_counted_too_small(name: str) -> None:
    """A size computed by the app is never smaller than the service's formula gives."""
    value: Any = {"Body": "🌻", "EventTime": "2020-09-18T00:22:20.0000000Z", "RawZ0": b"123"}.get(name, 7)
    sizes = {"Body": 4 + 4, "EventTime": 8, "Version": 8, "SegmentCount": 4, "RawZ0": 4 + 3}
    counted = entity_bytes({name: value}) - 4

    assert counted >= 8 + 2 * len(name) + sizes[name]
