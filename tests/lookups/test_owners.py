"""Numbers, users and threads with events, and the threads of a user, on Azurite."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from acsevents.local.azurite import Azurite
from shared.decoder import decode
from shared.lookups import Lookups, Owner
from shared.rows.timeline import partition_of
from shared.storage.account import Account
from tests.lookups.odd_rows import put
from tests.storage.events import chat, event, sms
from tests.storage.opening import opened_sink

EARLY, LATE = "2026-01-02T03:04:05.0000000Z", "2026-01-02T03:05:06.0000000Z"


def to_user(user: str, time: str, **data: Any) -> str:
    """Return a chat message that was delivered to a user."""
    default = {"threadId": "19:t", "messageId": time, "recipientId": user, "senderId": "8:acs:sender", "version": 1}
    return event("ChatMessageReceived", {**default, **data}, id=f"{user} {time}", eventTime=time)


def added(user: str, time: str, **data: Any) -> str:
    """Return the event of a user who was added to a thread, delivered to that user."""
    member = {"memberId": user, "displayName": data.pop("name", None)}
    default = {"threadId": "19:t", "recipientId": user, "memberAdded": member}
    return event("ChatMemberAddedToThreadWithUser", {**default, **data}, id=f"added {time}", eventTime=time)


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


def summary(owners: list[Owner]) -> list[tuple[str, str, str]]:
    """Return id, time and kind of the last event of each owner."""
    return [(owner.id, owner.last, owner.kind) for owner in owners]


async def test_each_owner_is_listed_once_with_its_last_event(account: Account, lookups: Lookups) -> None:
    """However many events it has, among more owners than one page holds."""
    many = [to_user(f"user {number:03}", EARLY) for number in range(150)]
    await keep(account, sms(), sms("m-2"), chat(), *many, to_user("user 070", LATE))
    users = [owner async for owner in lookups.users()]

    assert [f"user {number:03}" for number in range(150)] == [owner.id for owner in users]
    assert [LATE] == [owner.last for owner in users if owner.id == "user 070"]
    assert {EARLY, LATE} == {owner.last for owner in users}
    time = "2026-01-02T03:04:05.1234567Z"
    assert [("+15550002222", time, "sms.received")] == summary([owner async for owner in lookups.numbers()])
    assert [("19:thread@thread.v2", time, "message.received")] == summary([owner async for owner in lookups.threads()])


async def test_since_a_time_the_owner_with_the_latest_event_comes_first(account: Account, lookups: Lookups) -> None:
    """Owners without an event since then are left out; threads are those of any event."""
    await keep(account, to_user("old", EARLY), to_user("one", LATE), to_user("one", EARLY), added("two", LATE))
    since = decode(to_user("", LATE, recipientId="x")).ticks

    assert {"one", "two"} == {owner.id async for owner in lookups.users(since)}
    assert [("19:t", LATE)] == [(owner.id, owner.last) async for owner in lookups.threads(since)]
    assert [] == [owner async for owner in lookups.numbers(since)]


async def test_the_threads_of_a_user_come_with_topic_name_and_times(account: Account, lookups: Lookups) -> None:
    """The one with the latest event first; names are those of the user itself, the newest that is known."""
    await keep(
        account,
        added("8:acs:me", EARLY, name="Me"),
        to_user("8:acs:me", LATE, senderDisplayName="Somebody else"),
        to_user("8:acs:me", EARLY, threadId="19:other", senderId="8:acs:me", senderDisplayName="I"),
    )
    first, other = await lookups.user("8:acs:me")

    assert ("19:t", "Me", 2, EARLY, LATE) == (first.thread_id, first.name, first.events, first.first, first.last)
    assert ("19:other", "I", 1, EARLY, EARLY) == (other.thread_id, other.name, other.events, other.first, other.last)
    assert [] == await lookups.user("8:acs:nobody")


async def test_a_row_with_another_key_is_left_out_and_noted(
    account: Account, azurite: Azurite, notes: list[str]
) -> None:
    """It hides neither its owner's events nor other owners."""
    await keep(account, to_user("b", EARLY), to_user("d", EARLY))
    for partition in ("a", "b", "c"):
        put(azurite, "ChatUserEvents", partition, "odd", ThreadId="19:t")
    async with Lookups(account, notes.append) as lookups:
        assert ["b", "d"] == [owner.id async for owner in lookups.users()]
    async with Lookups(account, notes.append) as lookups:
        assert [1] == [membership.events for membership in await lookups.user("b")]

    assert ["rows of ChatUserEvents that cannot be read are left out"] * 2 == notes


async def test_rows_that_cannot_be_read_hide_no_owner(account: Account, azurite: Azurite, notes: list[str]) -> None:
    """Though they come first in its partition, and fill a page."""
    await keep(account, to_user("b", EARLY), to_user("d", EARLY))
    for number in range(210):
        put(azurite, "ChatUserEvents", "b", f"0 {number:03}")
    put(azurite, "ChatUserEvents", "d", "0")
    async with Lookups(account, notes.append) as lookups:
        assert ["b", "d"] == [owner.id async for owner in lookups.users()]

    assert ["rows of ChatUserEvents that cannot be read are left out"] == notes


async def test_a_user_has_no_thread_of_an_event_without_one(account: Account, azurite: Azurite) -> None:
    """Nor of a row that cannot be read."""
    await keep(account, to_user("b", EARLY), to_user("b", LATE, threadId=None))
    put(azurite, "ChatUserEvents", "b", "odd", ThreadId="19:odd")
    async with Lookups(account) as lookups:
        assert ["19:t"] == [membership.thread_id for membership in await lookups.user("b")]


async def test_a_row_of_the_time_line_with_another_key_hides_no_owner(
    account: Account, azurite: Azurite, notes: list[str]
) -> None:
    """The note names the table that it is in."""
    await keep(account, to_user("one", LATE), to_user("two", EARLY))
    since = decode(to_user("", EARLY, recipientId="x")).ticks
    put(azurite, "Timeline", partition_of(0, since), "0", RecipientId="odd")
    async with Lookups(account, notes.append) as lookups:
        assert ["one", "two"] == [owner.id async for owner in lookups.users(since)]

    assert ["rows of Timeline that cannot be read are left out"] == notes
