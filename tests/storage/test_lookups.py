"""Queries of messages, threads and dead letters, on Azurite."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.lookups import Lookups
from shared.sink import Sink
from shared.storage.account import Account
from tests.lookups.counting import count_requests
from tests.storage.events import chat, event, sms
from tests.storage.opening import opened_sink

OUR = "+15550002222"
THREAD = "19:thread@thread.v2"
ODD_IDS = ["it's", "a/b\\c#d?e", "100%", "' or 1 eq 1 or RowKey eq '", "🌻", "a@owner b", "~", "m~1", "x" * 300, "  "]


@pytest.fixture(name="sink")
async def _sink(account: Account) -> AsyncIterator[Sink]:
    async with opened_sink(account) as sink:
        yield sink


@pytest.fixture(name="lookups")
async def _lookups(account: Account) -> AsyncIterator[Lookups]:
    async with Lookups(account) as lookups:
        yield lookups


@pytest.fixture(name="requests")
def _requests(lookups: Lookups, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the URLs of all requests that the lookups make."""
    return count_requests(lookups, monkeypatch)


async def keep(sink: Sink, *texts: str) -> None:
    """Record events."""
    for start in range(0, len(texts), 100):  # a sink refuses what a busy machine could not write in time
        await asyncio.gather(*(sink.receive(text, function="sms_events") for text in texts[start : start + 100]))


def report(message_id: str, status: str, second: int) -> str:
    """Return a delivery report."""
    time = f"2026-01-02T03:04:{second:02}Z"
    data = {"messageId": message_id, "from": OUR, "to": "+15550001111", "deliveryStatus": status}
    return event(
        "SMSDeliveryReportReceived", {**data, "receivedTimestamp": time}, id=f"{message_id}-{second}", eventTime=time
    )


async def test_the_state_of_an_sms_is_one_request(sink: Sink, lookups: Lookups, requests: list[str]) -> None:
    """One query of the message's rows suffices, among more reports of the number than one response holds."""
    others = [report(f"other-{number}", "Delivered", 1) for number in range(1_000)]
    await keep(sink, *others, report("m-1", "Failed", 2), report("m-1", "Delivered", 3), report("m-10", "Expired", 4))
    story = await lookups.sms(OUR, "m-1")

    assert story is not None
    assert (story.status, story.events) == ("Delivered", 2)
    assert len(requests) == 1


@pytest.mark.parametrize(
    "number", ["+15550002222", "15550002222", "+1 555-000-2222", "001 (555) 000 2222", " +1.555.000.2222 "]
)
async def test_the_number_may_be_written_as_people_write_it(number: str, sink: Sink, lookups: Lookups) -> None:
    """In any notation."""
    await keep(sink, sms("m-1"))
    story = await lookups.sms(number, "m-1")

    assert story is not None
    assert (story.status, story.text) == ("Received", "hello")


async def test_odd_ids_find_their_own_message_and_no_other(sink: Sink, lookups: Lookups) -> None:
    """Quotes, filters, wildcards and separators in ids are ordinary characters."""
    await keep(sink, *(sms(odd, message=f"text of {odd}") for odd in [*ODD_IDS, "m"]))

    for odd in [*ODD_IDS, "m"]:
        story = await lookups.sms(OUR, odd)
        assert story is not None
        assert (story.message_id, story.text, story.events) == (odd, f"text of {odd}", 1)
    assert await lookups.sms(OUR, "' or PartitionKey ne '") is None


async def test_a_message_whose_id_begins_another_is_not_taken_for_it(sink: Sink, lookups: Lookups) -> None:
    """The keys of `m~1` are in the range of `m`, but it is another message."""
    await keep(sink, report("m", "Delivered", 1), report("m~1", "Failed", 2))
    story = await lookups.sms(OUR, "m")

    assert story is not None
    assert (story.status, story.events) == ("Delivered", 1)


async def test_the_transcript_of_a_thread_is_read_in_pages(sink: Sink, lookups: Lookups, requests: list[str]) -> None:
    """A thread with more messages than one response holds is read whole, in one query of its partition."""
    texts = [
        chat(f"m-{number:04}", version=number, messageBody=f"text {number}", composeTime="2026-01-02T03:04:05Z")
        for number in range(1_100)
    ]
    await keep(sink, *texts, chat("elsewhere", threadId="19:other@thread.v2"))
    transcript = await lookups.thread(THREAD)

    assert transcript is not None
    assert [message.text for message in transcript.messages] == [f"text {number}" for number in range(1_100)]
    assert len(requests) == 2


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_a_thread_is_found_by_any_id(odd: str, sink: Sink, lookups: Lookups) -> None:
    """With its own events only, whatever characters its id has."""
    await keep(sink, chat(threadId=odd, messageBody="here"), chat(threadId="elsewhere", messageBody="no"))
    transcript = await lookups.thread(odd)

    assert transcript is not None
    assert (transcript.thread_id, [message.text for message in transcript.messages]) == (odd, ["here"])


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_a_user_sees_its_own_events_of_the_thread_only(odd: str, sink: Sink, lookups: Lookups) -> None:
    """Not those of another user or thread, whatever characters their ids have."""

    def seen(user: str, thread: str, text: str) -> str:
        data = {"recipientId": user, "threadId": thread, "messageId": text, "messageBody": text}
        return event("ChatMessageReceived", data, id=text)

    await keep(sink, seen(odd, odd, "seen"), seen(odd, "other", "no"), seen("other", odd, "neither"))
    transcript = await lookups.thread_as_seen_by(odd, odd)

    assert transcript is not None
    assert [message.text for message in transcript.messages] == ["seen"]
    assert any("own messages and changes may be missing" in gap for gap in transcript.gaps)


async def test_a_thread_that_only_one_user_was_told_of_may_lack_what_that_user_wrote(
    sink: Sink, lookups: Lookups
) -> None:
    """ACS leaves the sender out of who is told; two users were told of what either of them wrote."""

    def told(user: str) -> str:
        return event("ChatMessageReceived", {"recipientId": user, "threadId": THREAD, "messageId": "m-1"}, id=user)

    async def gaps() -> bool:
        transcript = await lookups.thread(THREAD)
        return any("own messages and changes may be missing" in gap for gap in (transcript.gaps if transcript else ()))

    await keep(sink, told("one"))
    assert await gaps()
    await keep(sink, told("two"))
    assert not await gaps()


async def test_an_event_of_a_megabyte_is_told_from_its_compressed_text(sink: Sink, lookups: Lookups) -> None:
    """Stories use the whole text, not the columns."""
    await keep(sink, chat(messageBody="x" * 1_000_000))
    transcript = await lookups.thread(THREAD)

    assert transcript is not None
    assert transcript.messages[0].text == "x" * 1_000_000


async def test_dead_letters_come_with_reason_and_text(sink: Sink, lookups: Lookups) -> None:
    """Each with its function, its text, and the time at which the service wrote it."""
    started = datetime.now(UTC) - timedelta(minutes=1)  # Azurite's clock may differ a little
    unknown = json.dumps({"id": "e-1", "eventType": "Contoso.Unknown", "data": {}})
    await keep(sink, "not JSON: it's 100%", unknown, "x" * 100_000)
    letters = {letter.raw: letter async for letter in lookups.dead_letters(with_text=True)}

    assert {raw: letter.reason for raw, letter in letters.items()} == {
        "not JSON: it's 100%": "not_json",
        unknown: "unsupported_type",
        "x" * 100_000: "not_json",
    }
    assert (letters[unknown].event_id, letters[unknown].event_type) == ("e-1", "Contoso.Unknown")
    assert letters[unknown].detail == "$.eventType: not an event type that this app records"
    assert {letter.function for letter in letters.values()} == {"sms_events"}
    assert all(datetime.fromisoformat(letter.time) > started for letter in letters.values())


async def test_unknown_things_have_no_story(sink: Sink, lookups: Lookups) -> None:
    """The result is None, not an error."""
    await keep(sink, sms(), chat())

    assert await lookups.sms(OUR, "unknown") is None
    assert await lookups.sms("+15550009999", "m-1") is None
    assert await lookups.thread("unknown") is None


async def test_before_the_first_event_there_is_nothing_and_no_error(lookups: Lookups) -> None:
    """Tables are created by their first row; queries before it return nothing."""
    assert await lookups.sms(OUR, "m-1") is None
    assert await lookups.thread(THREAD) is None
    assert await lookups.thread_as_seen_by("user", THREAD) is None
    assert [letter async for letter in lookups.dead_letters()] == []
