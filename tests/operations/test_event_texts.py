"""Streams of events: cut into texts exactly as they stand, in pieces of any size, from files of any spelling."""

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsevents.operations import event_texts as module
from acsevents.operations.event_texts import Malformed, event_texts, without_dead_letter_members
from tests.core.strategies import JSON, MANY

OBJECTS = st.dictionaries(st.text(max_size=6), JSON, max_size=4)
SPACE = st.text(st.sampled_from(" \t\r\n"), max_size=3)


async def _pieces(data: bytes, size: int) -> AsyncIterator[bytes]:
    for at in range(0, len(data), size):
        yield data[at : at + size]


async def cut(data: bytes, size: int = 7) -> list[str]:
    """Cut a stream that comes in pieces."""
    return [text async for text in event_texts(_pieces(data, size))]


@st.composite
def streams(draw: st.DrawFn) -> tuple[list[str], str]:
    """Texts of objects, and a stream that holds them in arrays, in lines, or one behind the other."""
    wanted: list[str] = []
    written = ""
    for group in draw(st.lists(st.lists(OBJECTS, max_size=3), max_size=3)):
        texts = [json.dumps(value, ensure_ascii=draw(st.booleans())) for value in group]
        texts = [text.encode("utf-8", "replace").decode() for text in texts]
        wanted += texts
        if draw(st.booleans()):
            written += f"{draw(SPACE)}[{f'{draw(SPACE)},{draw(SPACE)}'.join(texts)}{draw(SPACE)}]"
        else:
            written += draw(SPACE).join(["", *texts, "\n"])
    return wanted, written


@MANY
@given(streams(), st.integers(4, 100), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
async def test_every_text_is_cut_out_as_it_stands(stream: tuple[list[str], str], size: int, encoding: str) -> None:
    """Arrays, lines and lone objects, with or without BOM, wherever the pieces are torn."""
    wanted, written = stream

    assert await cut(written.encode(encoding), size) == wanted


@pytest.mark.parametrize(
    ("written", "before", "problem"),
    [
        ('[{"a":1},{"b":2}', 2, "line 1: the array has no end"),
        ('{"a":1}\n{"b":\n2', 1, "line 3: Expecting ',' delimiter"),
        ('[{"a":1}\n{"b":2}]', 1, "line 2: expected a comma"),
        ('[{"a":1},]', 1, "line 1: Expecting value"),
        ("{'a':1}", 0, "line 1: Expecting property name"),
        ('\n\n{"a":1}]', 1, "line 3: Expecting value"),
        (f"{'[' * 2}{'[' * 100_000}", 0, "nested too deeply"),
    ],
)
async def test_what_is_no_json_is_told_with_its_line(written: str, before: int, problem: str) -> None:
    """The events in front of it have been given out."""
    texts = event_texts(_pieces(written.encode(), 1_000_000))
    for _ in range(before):
        await anext(texts)
    with pytest.raises(Malformed, match=problem):
        await anext(texts)


async def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    """And the cure."""
    with pytest.raises(Malformed, match="line 2: not UTF-8: save the file as UTF-8"):
        await cut(b'{"a": 1}\n  \xff\xff', 1_000)


async def test_an_endless_value_is_not_collected_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory is bounded by the longest event, not by the file."""
    monkeypatch.setattr(module, "LONGEST", 1_000)
    given = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal given
        yield b'{"a": "'
        while True:
            given += 100
            yield b"x" * 100

    with pytest.raises(Malformed, match="line 1"):
        _ = [text async for text in event_texts(endless())]
    assert given <= 1_200


@pytest.mark.parametrize("spelled", [str, str.lower], ids=["Event Grid schema", "CloudEvents"])
@MANY
@given(OBJECTS.filter(lambda event: not {name.lower() for name in event} & {"publishtime", "deliveryattempts"}))
def test_what_event_grid_adds_to_a_dead_letter_is_taken_out(spelled: Any, event: dict[str, Any]) -> None:
    """All members of the event stay as they stand."""
    added = {
        "deadLetterReason": "MaxDeliveryAttemptsExceeded",
        "deliveryAttempts": 30,
        "lastDeliveryOutcome": "Busy",
        "lastHttpStatusCode": 500,
        "publishTime": "2026-01-02T03:04:05.0000000Z",
        "lastDeliveryAttemptTime": "2026-01-03T03:04:05.0000000Z",
    }
    compact = (",", ":")
    letter = json.dumps({**event, **{spelled(name): value for name, value in added.items()}}, separators=compact)

    assert without_dead_letter_members(letter) == json.dumps(event, separators=compact)


@pytest.mark.parametrize(
    "text",
    [
        '{"publishTime": "kept"}',
        '{"data": {"deadLetterReason": 1}, "publishTime": 1}',
        '{"a": "deadletterreason"}',
        '"about deadLetterReason"',
        '["deadLetterReason", {"deadLetterReason": 1}]',
    ],
)
def test_other_events_stay_as_they_are(text: str) -> None:
    """Only an event with the reason of a dead letter is one."""
    assert without_dead_letter_members(text) == text
