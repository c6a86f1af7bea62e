"""Dead letters: they hold the text and the reason, and the same text gets the same row."""

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoder import decode
from shared.errors import ContentError, MissingKey, NotJson, Oversized
from shared.rows.dead_letters import dead_letter
from shared.rows.fitting import ENTITY_BYTES, PACKED_BYTES, unpack
from shared.rows.records import record_rows
from tests import samples
from tests.core.service_limits import violations
from tests.core.strategies import MANY, delivered, outcome, text_that_packs_to


def test_a_dead_letter_tells_what_is_wrong_and_where() -> None:
    """A dead letter is in the partition of its function, with reason, JSON path, and the event's id and type."""
    event = samples.event("2025/SMSReceived")
    del event["data"]["to"]
    text = delivered(event)
    error = outcome(text)
    assert isinstance(error, ContentError)
    letter = dead_letter("sms_events", text, error)
    row = letter.entity

    assert letter.table == "DeadLetters"
    assert len(str(row.pop("RowKey"))) == 16
    assert row == {
        "PartitionKey": "sms_events",
        "Reason": "missing_key",
        "Detail": "$.data.to: missing, and Number is part of the row's key",
        "EventId": event["id"],
        "EventType": "Microsoft.Communication.SMSReceived",
        "Raw": text,
        "RecordVersion": 2,
    }


def test_what_is_not_known_is_absent() -> None:
    """The dead letter of a text that is not JSON has no id and no type."""
    row = dead_letter("sms_events", "<html>", NotJson("Expecting value at character 0")).entity

    assert row.keys() == {"PartitionKey", "RowKey", "Reason", "Detail", "Raw", "RecordVersion"}


@MANY
@given(st.text(st.characters()) | st.binary(), st.text(), st.text(), st.integers(0, 40_000))
def test_any_text_can_be_filed(text: str | bytes, event_id: str, event_type: str, times: int) -> None:
    """Any text, with an id and type of any length, becomes a row that the service accepts and that holds the text."""
    error = MissingKey("missing", event_id=event_id * times, event_type=event_type * times)
    row = dead_letter("chat_user_events", text, error).entity
    kept = unpack(row)

    assert violations(row) == []
    assert (row["Reason"], row["Detail"]) == ("missing_key", "$: missing")
    assert kept == text or (isinstance(kept, str) and kept.encode("utf-8", "surrogatepass") == text)


def test_the_same_text_is_filed_once_and_another_beside_it() -> None:
    """A redelivery replaces its row, whether the text is str or bytes; another text gets another row."""
    error = NotJson("no")
    texts: list[Any] = ["{", b"{", "{ ", "\ud83c", "\udf3b", ""]
    keys = [str(dead_letter("sms_events", text, error).entity["RowKey"]) for text in texts]

    assert keys[0] == keys[1]
    assert len(set(keys)) == len(texts) - 1


@pytest.mark.parametrize("unit", ["x", "🌻"])
def test_long_ids_are_cut(unit: str) -> None:
    """An event whose id alone exceeds the limits still becomes a dead letter."""
    error = MissingKey("missing", event_id=unit * 100_000)
    row = dead_letter("sms_events", unit * 400_000, error).entity

    assert (unit * 100_000).startswith(str(row["EventId"]))
    assert len(str(row["EventId"]).encode("utf-16-le")) == 62_000
    assert violations(row) == []


def test_an_event_too_large_for_a_record_is_still_a_dead_letter() -> None:
    """A dead letter has fewer columns than a record, so it has room for a text that fits no record."""
    event = samples.event("2025/SMSReceived")
    event["data"]["message"] = text_that_packs_to(PACKED_BYTES + 2_000)  # more than a record keeps, less than a row
    text = json.dumps(event)

    with pytest.raises(Oversized) as refused:
        record_rows(decode(text))
    entity = dead_letter("sms_events", text, refused.value).entity

    assert "oversized" == entity["Reason"]
    assert event["id"] == entity["EventId"]
    assert text == unpack(entity)
    assert [] == violations(entity)


def test_the_largest_dead_letter_has_room_for_its_reason() -> None:
    """A text that leaves no room for reason and detail is refused."""
    noise = random.Random(1).randbytes(ENTITY_BYTES)
    written = refused = 0
    for size in range(ENTITY_BYTES - 6_500, ENTITY_BYTES, 500):
        try:
            entity = dead_letter("sms_events", noise[:size], NotJson("not UTF-8 at byte 0")).entity
        except Oversized:
            refused += 1
        else:
            written += 1
            assert ("not_json", "$: not UTF-8 at byte 0") == (entity["Reason"], entity["Detail"])
            assert [] == violations(entity)

    assert written > 0
    assert refused > 0
