"""Events of any size up to Event Grid's 1 MB are recorded and kept whole."""

import gc
import json
import random
import tracemalloc
from collections.abc import Callable
from typing import Any, Final

import pytest

from shared.decoder import decode
from shared.errors import ContentError, NotJson, Oversized
from shared.rows.dead_letters import dead_letter
from shared.rows.fitting import PACKED_BYTES, entity_bytes, pack, unpack
from shared.rows.records import record_columns, record_rows
from tests import samples
from tests.core.service_limits import violations
from tests.core.strategies import delivered, outcome, text_that_packs_to

MEGABYTE: Final = 1_048_576
EVERY_TYPE: Final = list({name.partition("/")[2]: name for name in samples.NAMES}.values())


def _person(number: int) -> dict[str, Any]:
    raw_id = f"8:acs:109f0644-b956-4cd9-87b1-71024f6e2f44_{number:08x}-5cdb-4916-07fd-084822002624"
    return {
        "displayName": f"Guest {number} 🌻",
        "participantCommunicationIdentifier": {"rawId": raw_id, "communicationUser": {"id": raw_id}},
        "metadata": {"seat": str(number)},
    }


def _noise(size: int) -> str:
    """Return a JSON string that is as hard to compress as JSON allows: ASCII and two-byte characters."""
    source = random.Random(7)
    ascii_part = [chr(code) for code in range(0x20, 0x7F) if chr(code) not in '"\\']
    two_bytes = [chr(code) for code in range(0xA0, 0x800)]
    letters = source.choices([*ascii_part * 20, *two_bytes], k=size)
    text = "".join(letters).encode()[: size - 2].decode(errors="ignore")
    return f'"{text}"'


def _assert_recorded_whole(text: str) -> dict[str, Any]:
    record = decode(text)
    assert not [problem for row in record_rows(record) for problem in violations(row.entity)]
    for row in samples.record_entities(record):
        assert unpack(row) == text
    return record_columns(record)


@pytest.mark.promise("Whole")
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_thread_of_250_people_is_recorded_whole(ascii_only: bool) -> None:  # noqa: FBT001  two ways to write JSON
    """The largest thread that ACS allows, with its people listed twice, as the service does."""
    event = samples.event("2021/ChatThreadCreatedWithUser")
    people = [_person(number) for number in range(250)]
    event["data"]["participants"] = people
    event["data"]["members"] = [
        {"displayName": one["displayName"], "memberId": one["participantCommunicationIdentifier"]["rawId"]}
        for one in people
    ]
    columns = _assert_recorded_whole(json.dumps(event, ensure_ascii=ascii_only))
    listed = json.loads(columns["Participants"]) if "Participants" in columns else None

    assert columns["ParticipantCount"] == 250
    assert listed is None or len(listed) == 250
    assert (listed is None) == ("Participants: left out, over 31000 UTF-16 units" in columns.get("Drift", ""))


@pytest.mark.promise("Whole")
@pytest.mark.parametrize("name", EVERY_TYPE)
def test_a_megabyte_is_recorded_whole(name: str) -> None:
    """An event of any type with a large unknown property keeps all columns; the text is compressed instead of `Raw`."""
    _assert_megabyte_recorded_whole(name, lambda size: f'"{"x" * (size - 2)}"')


@pytest.mark.promise("Whole")
@pytest.mark.parametrize(
    "name", ["2025/SMSReceived", "2021/ChatMessageReceived", "2021/ChatThreadCreatedWithUser", "2021/ChatThreadCreated"]
)
def test_a_megabyte_that_hardly_compresses_is_recorded_whole(name: str) -> None:
    """Even the least compressible JSON of that size fits a row, with all columns."""
    _assert_megabyte_recorded_whole(name, _noise)


def _assert_megabyte_recorded_whole(name: str, make: Callable[[int], str]) -> None:
    event = samples.event(name)
    small = record_columns(decode(delivered(event)))
    event["data"]["extra"] = "@"
    frame = json.dumps(event)
    text = frame.replace('"@"', make(MEGABYTE - len(frame) - 3))
    columns = _assert_recorded_whole(text)

    assert MEGABYTE - 8 <= len(text.encode()) <= MEGABYTE
    assert small.keys() - {"Raw"} <= columns.keys()
    assert set(json.loads(columns["Drift"])) == {"$.data.extra: not in the model"}


@pytest.mark.parametrize(
    ("name", "field", "column"),
    [
        ("2025/SMSReceived", "message", "Body"),
        ("2025/SMSReceived", "messageId", "MessageId"),
        ("2025/SMSReceived", "to", "Number"),
        ("2025/SMSDeliveryReportReceived", "Tag", "Tag"),
        ("2021/ChatMessageReceived", "messageBody", "Body"),
        ("2021/ChatMessageReceivedInThread", "threadId", "ThreadId"),
    ],
)
def test_a_text_of_a_megabyte_is_cut_in_its_column_only(name: str, field: str, column: str) -> None:
    """The column has the first 31,000 units and the raw text has all of it; keys have a digest of the whole."""
    event = samples.event(name)
    event["data"][field] = "@"
    frame = json.dumps(event)
    text = frame.replace("@", "🌻" * ((MEGABYTE - len(frame)) // 4))
    columns = _assert_recorded_whole(text)

    assert columns[column] == "🌻" * 15_500
    assert f"{column}: cut at 31000 UTF-16 units" in json.loads(columns["Drift"])


def test_a_body_that_nothing_compresses_gives_way_to_the_text_of_the_event() -> None:
    """If the text alone nearly fills the row, the largest column is left out, and `Drift` records it."""
    event = samples.event("2025/SMSReceived")
    event["data"]["message"] = "@"
    frame = json.dumps(event)
    columns = _assert_recorded_whole(frame.replace('"@"', _noise(MEGABYTE - len(frame))))

    assert "Body" not in columns
    assert json.loads(columns["Drift"])[-1] == "Body: left out, the row is full"


def test_many_unknown_properties_do_not_push_a_row_over_its_limits() -> None:
    """Each one is a note in `Drift`, which counts the notes that do not fit."""
    event = samples.event("2021/ChatMessageReceived")
    event["data"] |= {f"n{number}": number for number in range(60_000)}
    columns = _assert_recorded_whole(delivered(event))

    assert json.loads(columns["Drift"])[-1].startswith("$: and ")


def test_much_drift_beside_a_text_that_nearly_fills_the_row_is_counted_only() -> None:
    """The event's text has priority, then its columns, then notes."""
    event = samples.event("2025/SMSReceived")
    event["data"] |= {"message": "@", **{f"unknown{number}": number for number in range(3_000)}}
    frame = json.dumps(event)
    text = frame.replace("@", text_that_packs_to(PACKED_BYTES - 40_000))
    columns = _assert_recorded_whole(text)

    assert PACKED_BYTES - 40_000 < entity_bytes(pack(text)) <= PACKED_BYTES
    assert json.loads(columns["Drift"])[-1].startswith("$: and ")


@pytest.mark.parametrize("size", range(960_000, 1_100_000, 10_000))
def test_bytes_that_nothing_compresses_are_a_dead_letter_or_said_to_be_too_large(size: int) -> None:
    """Even for input far beyond Event Grid's limits, every row that is built is one that the service accepts."""
    noise = random.Random(size).randbytes(size)
    try:
        row = dead_letter("sms_events", noise, NotJson("not UTF-8 at byte 0")).entity
    except Oversized:
        assert size > 1_020_000
        return

    assert violations(row) == []
    assert (row["Reason"], row["Detail"], unpack(row)) == ("not_json", "$: not UTF-8 at byte 0", noise)


@pytest.mark.parametrize("kilobytes", [1_000, 1_150, 1_250, 1_500])
def test_an_event_beyond_the_size_of_a_row_is_oversized(kilobytes: int) -> None:
    """The error has the event's id. An event that fits is recorded, however much it drifts."""
    event = samples.event("2025/SMSReceived")
    event["data"] |= {"extra": "@", **{f"unknown{number}": 1 for number in range(3_000)}}
    text = json.dumps(event).replace('"@"', _noise(kilobytes * 1_024))
    result = outcome(text)
    if not isinstance(result, ContentError):
        assert [problem for row in record_rows(result) for problem in violations(row.entity)] == []
        assert "RecordVersion" in record_columns(result)
        return

    assert (result.reason, result.event_id) == ("oversized", event["id"])
    assert kilobytes > 1_024


@pytest.mark.parametrize("unit", ["x", "é", "🌻"])
@pytest.mark.parametrize("length", [100, 128, 129, 256, 257, 400])
def test_the_time_line_holds_the_beginning_of_a_long_text(unit: str, length: int) -> None:
    """A list shows the first 256 UTF-16 units of a text; the record holds all of it."""
    text = unit * length
    event = {**samples.event("2021/ChatMessageReceived"), "id": text}
    event["data"]["messageBody"] = text
    *records, line = record_rows(decode(delivered(event)))

    assert line.table == "Timeline"
    assert {line.columns["EventId"], line.columns["Body"]} == {text[: 256 if unit < "🌻" else 128]}
    assert {(row.columns["EventId"], row.columns["Body"]) for row in records} == {(text, text)}


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_nothing_is_kept_of_large_keys(name: str) -> None:
    """Numbers and ids of ordinary length are remembered from event to event; large ones would fill the memory."""
    event = samples.event(name)
    fields = [field for field in ("from", "to", "recipientId", "threadId", "messageId") if field in event["data"]]

    def record(number: int) -> None:
        large: dict[str, Any] = {field: f"{number}{field}" + "x" * 100_000 for field in fields}
        if "recipientCommunicationIdentifier" in event["data"]:
            large["recipientCommunicationIdentifier"] = {"rawId": f"{number}" + "x" * 100_000}
        record_rows(decode(json.dumps({**event, "data": {**event["data"], **large}})))

    record(0)
    tracemalloc.start()
    for number in range(1, 11):
        record(number)
    gc.collect()
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert kept < 100_000
