"""The messages of a number, the one with the latest event first, on Azurite."""

import pytest
from azure.data.tables.aio import TableServiceClient

from acsevents.local.azurite import Azurite
from shared.lookups import Lookups
from shared.lookups import sms as sms_lookups
from shared.storage.account import Account
from tests.lookups.counting import count_requests
from tests.storage.events import event
from tests.storage.opening import opened_sink

OUR, PEER = "+15550002222", "+15550001111"
MESSAGES = 20


def report(message_id: str, second: int) -> str:
    """Return a delivery report."""
    time = f"2026-01-02T03:04:{second:02}Z"
    told = {"messageId": message_id, "from": OUR, "to": PEER, "deliveryStatus": "Delivered", "receivedTimestamp": time}
    return event("SMSDeliveryReportReceived", told, id=f"{message_id}-{second}", eventTime=time)


async def keep(account: Account, *texts: str) -> None:
    """Record events."""
    async with opened_sink(account) as sink:
        for text in texts:
            await sink.receive(text, function="sms_events")


async def told(lookups: Lookups, limit: int | None = None) -> list[str]:
    """Name the messages of our number."""
    return [story.message_id async for story in lookups.conversation(OUR, limit=limit)]


async def test_each_message_comes_once_at_its_latest_event(account: Account) -> None:
    """However far apart its events are, and though messages are asked for several at once."""
    again = report("m-00", MESSAGES + 1)
    await keep(account, *(report(f"m-{number:02}", number) for number in range(MESSAGES)), again)

    async with Lookups(account) as lookups:
        messages = await told(lookups)

    assert messages == ["m-00", *(f"m-{number:02}" for number in reversed(range(1, MESSAGES)))]


async def test_little_more_is_asked_for_than_is_wanted(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each message costs a request: of twenty, five are wanted, and eight are asked for at once."""
    await keep(account, *(report(f"m-{number:02}", number) for number in range(MESSAGES)))

    async with Lookups(account) as lookups:
        requests = count_requests(lookups, monkeypatch)
        messages = await told(lookups, limit=5)

    assert messages == ["m-19", "m-18", "m-17", "m-16", "m-15"]
    assert sum("/SmsMessages" in url for url in requests) == 8


async def test_a_message_without_its_rows_is_left_out(account: Account, azurite: Azurite) -> None:
    """Its records may have been pruned between two requests."""
    await keep(account, report("m-1", 1), report("m-2", 2))
    async with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        messages = service.get_table_client("SmsMessages")
        async for row in messages.list_entities():
            if row["MessageId"] == "m-2":
                await messages.delete_entity(row)

    async with Lookups(account) as lookups:
        assert await told(lookups) == ["m-1"]


async def test_memory_does_not_grow_with_the_number_of_messages(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of so many messages the last are remembered; one whose events are further apart comes twice."""
    monkeypatch.setattr(sms_lookups, "_REMEMBERED", 2)
    await keep(account, report("m-0", 0), *(report(f"m-{number}", number) for number in range(4)), report("m-0", 9))

    async with Lookups(account) as lookups:
        assert await told(lookups) == ["m-0", "m-3", "m-2", "m-1", "m-0"]
