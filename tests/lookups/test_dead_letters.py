"""Dead letters: chosen by reason and time, or one by its id, on Azurite."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from acsevents.local.azurite import Azurite
from shared.lookups import Lookups
from shared.lookups.reader import ticks_of
from shared.storage.account import Account
from tests.lookups.odd_rows import put
from tests.storage.opening import opened_sink

UNKNOWN = json.dumps({"id": "e-1", "eventType": "Contoso.Unknown", "data": {}})
NOT_UTF8 = b'{"id": "\xff"}'


@pytest.fixture(name="lookups")
async def _lookups(account: Account) -> AsyncIterator[Lookups]:
    async with Lookups(account) as lookups:
        yield lookups


async def receive(account: Account, *texts: str | bytes, function: str = "sms_events") -> None:
    """Receive events that cannot be recorded."""
    async with opened_sink(account) as sink:
        await asyncio.gather(*(sink.receive(text, function=function) for text in texts))


async def test_dead_letters_are_chosen_by_reason_and_time(account: Account, lookups: Lookups) -> None:
    """A list is read without their texts."""
    await receive(account, "no JSON", UNKNOWN)
    hour = timedelta(hours=1)
    past, future = (ticks_of(datetime.now(UTC) + away) for away in (-hour, hour))

    assert {"not_json", "unsupported_type"} == {letter.reason async for letter in lookups.dead_letters(since=past)}
    assert [] == [letter async for letter in lookups.dead_letters(since=future)]
    (letter,) = [letter async for letter in lookups.dead_letters(reason="unsupported_type")]
    assert ("Contoso.Unknown", "e-1", None) == (letter.event_type, letter.event_id, letter.raw)


async def test_one_dead_letter_is_found_by_its_id_in_any_function(account: Account, lookups: Lookups) -> None:
    """With its text."""
    await receive(account, "no JSON")
    await receive(account, UNKNOWN, function="chat_thread_events")

    for text in ("no JSON", UNKNOWN):
        (listed,) = [letter async for letter in lookups.dead_letters(with_text=True) if letter.raw == text]
        assert listed == await lookups.dead_letter(listed.id)
    assert await lookups.dead_letter("unknown") is None


async def test_a_text_that_is_not_utf_8_can_be_shown(account: Account, lookups: Lookups) -> None:
    """The bytes are kept as they came, and become escapes for readers; what is not known is left out."""
    await receive(account, NOT_UTF8)
    (letter,) = [letter async for letter in lookups.dead_letters(with_text=True)]

    assert NOT_UTF8 == letter.raw
    assert '{"id": "\\xff"}' == letter.readable()["raw"]
    assert {"id", "time", "function", "reason", "detail", "raw"} == letter.readable().keys()
    assert "<DeadLetter in sms_events: not_json>" == repr(letter)


async def test_a_damaged_dead_letter_is_shown_without_its_text(azurite: Azurite, lookups: Lookups) -> None:
    """With what can be read of it: it may be the only trace of an event."""
    put(azurite, "DeadLetters", "sms_events", "damaged", Reason="not_json", EventId=7, RawZ0=b"no deflate")
    letter = await lookups.dead_letter("damaged")

    assert letter is not None
    assert ("not_json", None, None) == (letter.reason, letter.event_id, letter.raw)
    assert {"raw": None}.items() <= letter.readable().items()
