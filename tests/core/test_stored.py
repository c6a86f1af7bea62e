"""Stored rows: their events are decoded again, even if a person was erased from the text."""

import zlib

import msgspec
import pytest

from shared.catalogue import TIMELINE
from shared.decoder import decode
from shared.errors import ContentError
from shared.events.timestamps import Instant
from shared.rows.records import record_rows
from shared.stored import event_of, time_and_digest_of
from tests import samples
from tests.core.strategies import delivered

ERASED = Instant.parse("2026-03-04T05:06:07Z")


@pytest.mark.parametrize("name", samples.NAMES)
def test_a_row_gives_back_its_event(name: str) -> None:
    """From any of the event's rows."""
    event = decode(delivered(samples.event(name)))

    for entity in samples.record_entities(event):
        assert event_of(entity) == event


@pytest.mark.parametrize("name", samples.NAMES)
def test_the_keys_of_a_row_tell_time_and_digest(name: str) -> None:
    """Both forms of RowKey contain ticks and digest."""
    event = decode(delivered(samples.event(name)))

    for row in record_rows(event):
        assert time_and_digest_of(row.row_key) == (event.ticks, event.digest)


@pytest.mark.parametrize("name", ["2021/ChatThreadCreated", "2025/SMSReceived"])
def test_a_redacted_row_keeps_its_keys(name: str) -> None:
    """The redacted text has another digest, so ticks and digest come from the RowKey."""
    before = decode(delivered(samples.event(name)))
    text = delivered({**samples.event(name), "id": "another"})
    redacted = msgspec.structs.replace(decode(text), ticks=before.ticks, digest=before.digest, redacted=ERASED)
    rows = record_rows(redacted)

    assert [row.place for row in rows] == [row.place for row in record_rows(before)]
    assert {row.columns["Redacted"] for row in rows} == {"2026-03-04T05:06:07.0000000Z"}
    assert [event_of(row.entity) for row in rows if row.table != TIMELINE] == [redacted] * (len(rows) - 1)
    assert decode(text).digest != before.digest


@pytest.mark.parametrize(
    "row",
    [
        {"RowKey": "1"},
        {"Raw": ""},
        {"RawZ0": b"damaged"},
        {"RawZ0": zlib.compress(b"{")},
        {"Raw": delivered(samples.event("2025/SMSReceived")), "RowKey": "odd", "Redacted": "2026-03-04T05:06:07Z"},
        {"Raw": delivered(samples.event("2025/SMSReceived")), "RowKey": f"{'1' * 19}~{'a' * 16}", "Redacted": "once"},
    ],
)
def test_a_damaged_row_is_a_content_error(row: dict[str, object]) -> None:
    """Whatever the row holds."""
    with pytest.raises(ContentError):
        event_of(row)


@pytest.mark.parametrize("key", ["", "~", "1~a", f"{'1' * 19}~{'A' * 16}", f"{'1' * 18}~{'a' * 16}", f"m~1~{'a' * 16}"])
def test_no_other_key_is_taken_for_a_records(key: str) -> None:
    """A key without 19 digits and 16 hex digits is refused."""
    with pytest.raises(ValueError, match="RowKey"):
        time_and_digest_of(key)
