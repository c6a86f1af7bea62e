"""The messages of a number, asked from either side, and its delivery report, on Azurite."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from acsevents.local.azurite import Azurite
from shared.events.timestamps import Instant
from shared.lookups import Lookups
from shared.lookups import sms as sms_lookups
from shared.storage.account import Account
from tests.lookups.odd_rows import put
from tests.storage.events import event, sms
from tests.storage.opening import opened_sink

OUR, PEER = "+15550002222", "+15550001111"


@pytest.fixture(name="notes")
def _notes() -> list[str]:
    return []


@pytest.fixture(name="lookups")
async def _lookups(account: Account, notes: list[str]) -> AsyncIterator[Lookups]:
    async with Lookups(account, notes.append) as lookups:
        yield lookups


async def keep(account: Account, *texts: str) -> None:
    """Record events."""
    async with opened_sink(account) as sink:
        await asyncio.gather(*(sink.receive(text, function="sms_events") for text in texts))


def at(second: int) -> str:
    """Return a time within one minute."""
    return f"2026-01-02T03:04:{second:02}.0000000Z"


def report(message_id: str, status: str, second: int, **data: Any) -> str:
    """Return a delivery report on a message that was sent to the peer."""
    default = {"messageId": message_id, "from": OUR, "to": PEER, "deliveryStatus": status}
    told = {**default, "receivedTimestamp": at(second), **data}
    return event("SMSDeliveryReportReceived", told, id=f"{message_id} {second}", eventTime=at(second))


async def conversation(lookups: Lookups, number: str, **limits: int) -> list[tuple[str, str | None]]:
    """Return id and status of each message of a number."""
    return [(story.message_id, story.status) async for story in lookups.conversation(number, **limits)]


async def test_a_message_is_found_by_the_number_of_the_other_party(account: Account, lookups: Lookups) -> None:
    """With all of its events, though they are stored under the number of the resource."""
    await keep(account, report("m-1", "Failed", 1), report("m-1", "Delivered", 2), report("m-2", "Failed", 3))
    story = await lookups.sms("001 555 000 1111", "m-1")

    assert story is not None
    assert (OUR, PEER, "Delivered", 2) == (story.sender, story.recipient, story.status, story.events)
    assert await lookups.sms(PEER, "m-3") is None
    assert await lookups.sms("+15550009999", "m-1") is None


@pytest.mark.parametrize("number", [OUR, PEER])
async def test_a_conversation_tells_each_message_once_the_latest_event_first(
    number: str, account: Account, lookups: Lookups
) -> None:
    """Sent and received ones, from either number; a limit takes the first of them, a time those with events since."""
    received = sms("m-0")
    await keep(
        account, received, report("m-1", "Failed", 6), report("m-2", "Expired", 7), report("m-1", "Delivered", 8)
    )
    since = Instant.parse(at(7)).ticks

    assert [("m-1", "Delivered"), ("m-2", "Expired"), ("m-0", "Received")] == await conversation(lookups, number)
    assert [("m-1", "Delivered"), ("m-2", "Expired")] == await conversation(lookups, number, limit=2)
    assert [("m-1", "Delivered"), ("m-2", "Expired")] == await conversation(lookups, number, since=since)


async def test_a_long_conversation_does_not_fill_memory(
    account: Account, lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So many messages are remembered; one whose events are further apart is told twice, and none is left out."""
    await keep(account, report("m-1", "Failed", 1), report("m-2", "Expired", 2), report("m-1", "Delivered", 3))
    monkeypatch.setattr(sms_lookups, "_REMEMBERED", 1)

    assert [("m-1", "Delivered"), ("m-2", "Expired"), ("m-1", "Delivered")] == await conversation(lookups, OUR)


async def test_a_row_that_names_no_message_is_passed_over_in_a_conversation(
    account: Account, azurite: Azurite, lookups: Lookups
) -> None:
    """So is one whose message is not recorded; neither hides the messages before and after it."""
    await keep(account, report("m-1", "Delivered", 1))
    put(azurite, "SmsEvents", OUR, "0", Number=OUR, MessageId=7)
    put(azurite, "SmsEvents", OUR, "1", Number=OUR, MessageId="never recorded")
    put(azurite, "SmsEvents", OUR, "~", MessageId="m-1")

    assert [("m-1", "Delivered")] == await conversation(lookups, OUR)


async def test_a_delivery_report_counts_messages_and_not_events(account: Account, lookups: Lookups) -> None:
    """Each by its newest status; with a time, those of the events since then."""
    attempts = [{"timestamp": at(2), "segmentsSucceeded": 1, "segmentsFailed": 0}]
    await keep(
        account,
        sms("m-0"),
        report("m-1", "Failed", 6),
        report("m-1", "Delivered", 7, deliveryAttempts=attempts),
        report("m-2", "Failed", 8, deliveryStatusDetails="No route."),
    )
    told = await lookups.sms_report("1 555 000 2222")
    lately = await lookups.sms_report(OUR, Instant.parse(at(8)).ticks)

    assert told is not None
    assert (OUR, 1, 2) == (told.number, told.received, told.sent)
    assert {"Delivered": 1, "Failed": 1} == told.statuses
    assert {"No route.": 1} == told.reasons
    assert told.seconds is not None
    assert (1, 5.0) == (told.seconds.messages, told.seconds.longest)
    assert lately is not None
    assert (0, 1, {"Failed": 1}) == (lately.received, lately.sent, lately.statuses)


async def test_a_number_without_messages_has_no_delivery_report(account: Account, lookups: Lookups) -> None:
    """Nor has that of the other party, which is not the resource's."""
    assert await lookups.sms_report(OUR) is None
    await keep(account, report("m-1", "Delivered", 1))

    assert await lookups.sms_report(PEER) is None
    assert await lookups.sms_report(OUR, Instant.parse(at(2)).ticks) is None


async def test_a_row_without_a_readable_event_is_left_out_of_the_report_and_noted(
    account: Account, azurite: Azurite, notes: list[str]
) -> None:
    """It hides no message."""
    await keep(account, report("m-1", "Delivered", 1))
    put(azurite, "SmsMessages", OUR, "0", Raw="no JSON")
    put(azurite, "SmsMessages", OUR, "~")
    async with Lookups(account, notes.append) as lookups:
        told = await lookups.sms_report(OUR)

    assert told is not None
    assert {"Delivered": 1} == told.statuses
    assert ["rows of SmsMessages that cannot be read are left out"] == notes
