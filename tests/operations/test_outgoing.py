"""What is sent: read from anywhere, changed as asked, checked before the first goes out, in arrays a topic takes."""

import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsevents.failures import Unusable
from acsevents.local.event_grid.events import MAX_BYTES, Event
from acsevents.operations.outgoing import Changes, Outbox, prepared
from acsevents.operations.sources import Source
from tests import samples
from tests.core.strategies import FEW

EVENT = samples.event("2025/SMSReceived")
CLOUD = samples.FORMS["CloudEvents object"](EVENT)


def put(path: Path, text: str) -> None:
    """Write a file."""
    path.write_text(text)


async def prepare(path: Path, *events: Any, **changes: Any) -> list[Any]:
    """Prepare the events of a file."""
    put(path, "\n".join(event if isinstance(event, str) else json.dumps(event) for event in events))
    return [json.loads(event.text) async for event in prepared([Source(str(path))], Changes(**changes))]


@pytest.fixture(name="file")
def _file(tmp_path: Path) -> Path:
    return tmp_path / "events.jsonl"


async def test_a_file_goes_as_it_stands(file: Path) -> None:
    """To the letter: spaces, numbers and escapes too."""
    text = json.dumps(EVENT)[:-1] + ', "n": [1e2, 1.0, "\\ud83d"]}'
    put(file, f"[{text}, {json.dumps(CLOUD, indent=1)}]")
    events = [event async for event in prepared([Source(str(file))], Changes())]

    assert [event.text.decode() for event in events] == [text, json.dumps(CLOUD, indent=1)]
    assert [event.schema for event in events] == ["EventGridSchema", "CloudEventSchemaV1_0"]


@pytest.mark.parametrize(
    ("name", "generation"),
    [
        ("SMSReceived", "2025"),
        ("smsreceived", "2025"),
        ("Microsoft.Communication.SMSReceived", "2025"),
        ("2020/SMSReceived", "2020"),
    ],
)
async def test_a_sample_is_found_by_its_name_and_is_new(name: str, generation: str) -> None:
    """Of the newest generation, unless one is named; with an id of its own and the time of now."""
    (event,) = [json.loads(event.text) async for event in prepared([Source(name)], Changes())]
    sample = samples.event(f"{generation}/SMSReceived")

    assert event["data"] == sample["data"]
    assert event["id"] != sample["id"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", event["eventTime"])
    assert abs(datetime.fromisoformat(event["eventTime"]) - datetime.now(UTC)) < timedelta(minutes=5)


def test_what_is_neither_a_file_nor_a_sample_names_some() -> None:
    """Those that look alike."""
    with pytest.raises(Unusable, match=r"SMSRecieved is neither a file nor a sample: .* SMSReceived"):
        Source("SMSRecieved")


@pytest.mark.parametrize(
    ("path", "value", "place", "becomes"),
    [
        ("data.to", "15550001111", ["data", "to"], "15550001111"),
        ("data.segmentCount", "7", ["data", "segmentCount"], 7),
        ("data.new.deep", "true", ["data", "new", "deep"], True),
        ("data.new", "plain text", ["data", "new"], "plain text"),
        ("data.list.1", '{"a": [1, 2]}', ["data", "list", 1], {"a": [1, 2]}),
        ("id", "null", ["id"], "null"),
    ],
)
async def test_a_field_can_be_set(path: str, value: str, place: list[Any], becomes: Any, file: Path) -> None:
    """What was a string stays one; else JSON is read as JSON."""
    event = {**EVENT, "data": {**EVENT["data"], "list": [1, 2]}}
    (changed,) = await prepare(file, event, settings=[(path, value)])
    found = changed
    for step in place:
        found = found[step]

    assert found == becomes


async def test_copies_have_ids_of_their_own(file: Path) -> None:
    """And are else alike."""
    events = await prepare(file, EVENT, copies=50)

    assert len({event["id"] for event in events}) == 50
    assert all(event | {"id": EVENT["id"]} == EVENT for event in events)


async def test_events_can_go_as_cloud_events(file: Path) -> None:
    """One that is none is converted."""
    assert await prepare(file, EVENT, CLOUD, schema="CloudEventSchemaV1_0") == [CLOUD, CLOUD]


@pytest.mark.parametrize(
    ("event", "changes", "problem"),
    [
        ({**EVENT, "id": 5}, {}, "event 2: has no string 'id', which the EventGridSchema requires; add it."),
        ({name: EVENT[name] for name in EVENT if name != "eventTime"}, {}, "event 2: has no string 'eventTime'"),
        ({**CLOUD, "source": None}, {}, "event 2: has no string 'source', which the CloudEventSchemaV1_0 requires"),
        ([EVENT], {}, None),
        ("5", {}, "event 2: is not a JSON object"),
        ("5", {"copies": 2}, "event 2 is not a JSON object"),
        ({**EVENT, "data": "x" * MAX_BYTES}, {}, "event 2 takes .* bytes: a topic takes at most 1048576"),
        (CLOUD, {"schema": "EventGridSchema"}, "event 2 is a CloudEvent"),
        (EVENT, {"settings": [("data.to.x", "1")]}, "--set data.to.x: the event has no such field"),
        (EVENT, {"settings": [("data.list.5", "1")]}, None),
        ('{"id"', {}, "line 2: Expecting ':'"),
        (f'{{"id": {"[" * 100_000}', {}, "line 2: nested too deeply"),
    ],
)
async def test_what_a_topic_would_refuse_is_named(
    event: Any, changes: dict[str, Any], problem: str | None, file: Path
) -> None:
    """With its place and its cure, before anything is sent."""
    if problem is None:
        assert await prepare(file, EVENT, event, **changes)
        return
    with pytest.raises(Unusable, match=problem):
        await prepare(file, EVENT, event, **changes)


@FEW
@given(st.lists(st.tuples(st.sampled_from(["EventGridSchema", "CloudEventSchemaV1_0"]), st.integers(2, MAX_BYTES - 2))))
def test_all_events_go_out_in_order_in_arrays_that_a_topic_takes(sizes: list[Any]) -> None:
    """Of one schema, at most 1 MB each, and no array that the next event would have fitted into."""
    events = [Event(schema, "", "", "", b"x" * size, "") for schema, size in sizes]
    with Outbox() as outbox:
        for event in events:
            outbox.add(event)
        batches = list(outbox.batches())
    arrays = [len(b"[" + b",".join(texts) + b"]") for _, texts in batches]

    assert outbox.count == len(events)
    assert [(schema, text) for schema, texts in batches for text in texts] == [(one.schema, one.text) for one in events]
    assert all(size <= MAX_BYTES for size in arrays)
    for (schema, _), size, (next_schema, (first, *_)) in zip(batches, arrays, batches[1:], strict=False):
        assert schema != next_schema or size + 1 + len(first) > MAX_BYTES


async def test_a_source_is_read_as_it_comes(file: Path) -> None:
    """Memory does not grow with the file."""
    put(file, "\n".join(json.dumps(EVENT) for _ in range(3)))
    events: AsyncIterator[Event] = prepared([Source(str(file))], Changes(copies=10**9))

    assert (await anext(events)).type == "Microsoft.Communication.SMSReceived"
