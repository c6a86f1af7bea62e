"""What people ask of the tables, on the real Azurite."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from shared.lookups import Lookups
from shared.sink import Sink
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Tables
from tests.storage.events import chat, event, sms

OUR = "+15550002222"
THREAD = "19:thread@thread.v2"
ODD_IDS = ["it's", "a/b\\c#d?e", "100%", "' or 1 eq 1 or RowKey eq '", "🌻", "a@owner b", "~", "m~1", "x" * 300, "  "]


@pytest.fixture(name="sink")
async def _sink(account: Account) -> AsyncIterator[Sink]:
    tables = Tables(account)
    store = GroupCommit(tables)
    yield Sink(store)
    await store.close()
    await tables.close()


@pytest.fixture(name="lookups")
async def _lookups(account: Account) -> AsyncIterator[Lookups]:
    async with Lookups(account) as lookups:
        yield lookups


@pytest.fixture(name="requests")
def _requests(lookups: Lookups, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The URLs of all requests that the lookups make."""
    requests: list[str] = []
    pipeline = lookups._client._client._client._pipeline
    transport = pipeline._transport
    send = transport.send

    async def counted(request: Any, **options: Any) -> Any:
        requests.append(request.url)
        return await send(request, **options)

    monkeypatch.setattr(transport, "send", counted)
    return requests


async def keep(sink: Sink, *texts: str) -> None:
    """Event events."""
    await asyncio.gather(*(sink.receive(text, function="sms_events") for text in texts))


def report(message_id: str, status: str, second: int) -> str:
    """Write a delivery report."""
    time = f"2026-01-02T03:04:{second:02}Z"
    data = {"messageId": message_id, "from": OUR, "to": "+15550001111", "deliveryStatus": status}
    return event(
        "SMSDeliveryReportReceived", {**data, "receivedTimestamp": time}, id=f"{message_id}-{second}", eventTime=time
    )


async def test_the_state_of_an_sms_is_one_request(sink: Sink, lookups: Lookups, requests: list[str]) -> None:
    """Among more reports of the number than one answer holds, one query of its message's rows tells."""
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
    """Who asks need not know how rows are filed."""
    await keep(sink, sms("m-1"))
    story = await lookups.sms(number, "m-1")

    assert story is not None
    assert (story.status, story.text) == ("Received", "hello")


async def test_odd_ids_find_their_own_message_and_no_other(sink: Sink, lookups: Lookups) -> None:
    """Quotes, filters, wildcards and separators in ids are characters, nothing more."""
    await keep(sink, *(sms(odd, message=f"text of {odd}") for odd in [*ODD_IDS, "m"]))

    for odd in [*ODD_IDS, "m"]:
        story = await lookups.sms(OUR, odd)
        assert story is not None
        assert (story.message_id, story.text, story.events) == (odd, f"text of {odd}", 1)
    assert await lookups.sms(OUR, "' or PartitionKey ne '") is None


async def test_a_message_whose_id_begins_another_is_not_taken_for_it(sink: Sink, lookups: Lookups) -> None:
    """`m~1` lies between the keys of `m`, and is another message all the same."""
    await keep(sink, report("m", "Delivered", 1), report("m~1", "Failed", 2))
    story = await lookups.sms(OUR, "m")

    assert story is not None
    assert (story.status, story.events) == ("Delivered", 1)


async def test_the_transcript_of_a_thread_is_read_in_pages(sink: Sink, lookups: Lookups, requests: list[str]) -> None:
    """A thread of more messages than the service gives at once is told whole, in one query of its partition."""
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
    """Its own events are told and no other thread's, whatever characters the id has."""
    await keep(sink, chat(threadId=odd, messageBody="here"), chat(threadId="elsewhere", messageBody="no"))
    transcript = await lookups.thread(odd)

    assert transcript is not None
    assert (transcript.thread_id, [message.text for message in transcript.messages]) == (odd, ["here"])


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_a_user_sees_its_own_events_of_the_thread_only(odd: str, sink: Sink, lookups: Lookups) -> None:
    """Neither another user's nor another thread's, whatever characters the ids have."""

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
    """Stories are told from the whole text, not from what fitted into columns."""
    await keep(sink, chat(messageBody="x" * 1_000_000))
    transcript = await lookups.thread(THREAD)

    assert transcript is not None
    assert transcript.messages[0].text == "x" * 1_000_000


async def test_dead_letters_come_with_reason_and_text(sink: Sink, lookups: Lookups) -> None:
    """All that could not be recorded, each with why and what."""
    unknown = json.dumps({"id": "e-1", "eventType": "Contoso.Unknown", "data": {}})
    await keep(sink, "not JSON: it's 100%", unknown, "x" * 100_000)
    letters = {letter.raw: letter async for letter in lookups.dead_letters(with_text=True)}

    assert {raw: letter.reason for raw, letter in letters.items()} == {
        "not JSON: it's 100%": "not_json",
        unknown: "unsupported_type",
        "x" * 100_000: "not_json",
    }
    assert (letters[unknown].event_id, letters[unknown].event_type) == ("e-1", "Contoso.Unknown")
    assert {letter.function for letter in letters.values()} == {"sms_events"}


async def test_unknown_things_have_no_story(sink: Sink, lookups: Lookups) -> None:
    """Asked for what is not recorded, the answer is none and no error."""
    await keep(sink, sms(), chat())

    assert await lookups.sms(OUR, "unknown") is None
    assert await lookups.sms("+15550009999", "m-1") is None
    assert await lookups.thread("unknown") is None


async def test_before_the_first_event_there_is_nothing_and_no_error(lookups: Lookups) -> None:
    """Tables are created by their first row: until then questions are answered all the same."""
    assert await lookups.sms(OUR, "m-1") is None
    assert await lookups.thread(THREAD) is None
    assert await lookups.thread_as_seen_by("user", THREAD) is None
    assert [letter async for letter in lookups.dead_letters()] == []
