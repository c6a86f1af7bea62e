"""What happened in a thread, from the events of the thread or of one of its users, on Azurite."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared.lookups import Lookups
from shared.storage.account import Account
from shared.stories import Step
from tests.storage.events import chat, event
from tests.storage.opening import opened_sink

THREAD, USER = "19:thread@thread.v2", "8:acs:one"


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


def edited(text: str) -> str:
    """Return an edit of the message."""
    data = {"threadId": THREAD, "messageId": "m-1", "messageBody": text, "version": 2}
    return event("ChatMessageEditedInThread", data, id="edit")


def seen(user: str, text: str) -> str:
    """Return a message that was delivered to a user."""
    data = {"recipientId": user, "threadId": THREAD, "messageId": text, "messageBody": text, "version": 1}
    return event("ChatMessageReceived", data, id=f"{user} {text}")


def said(steps: tuple[Step, ...]) -> list[tuple[str, str | None]]:
    """Return kind and text of each change."""
    return [(step.kind, step.what) for step in steps]


async def test_the_history_of_a_thread_has_texts_from_before_their_edits(account: Account, lookups: Lookups) -> None:
    """Every change, the oldest first; the transcript that comes with it has the text as it is now."""
    await keep(account, chat(messageBody="before"), edited("after"), seen(USER, "of a user"))
    whole = await lookups.thread_with_history(THREAD)

    assert whole is not None
    transcript, steps = whole
    assert [("message.received", "before"), ("message.edited", "after")] == said(steps)
    assert ["after"] == [message.text for message in transcript.messages]


async def test_the_history_that_one_user_saw_has_that_users_events_only(account: Account, lookups: Lookups) -> None:
    """Neither those of the thread nor those of another user."""
    await keep(account, chat(messageBody="in the thread"), seen(USER, "seen"), seen("8:acs:two", "not seen"))
    whole = await lookups.thread_with_history(THREAD, USER)

    assert whole is not None
    transcript, steps = whole
    assert [("message.received", "seen")] == said(steps)
    assert ["seen"] == [message.text for message in transcript.messages]


async def test_a_thread_that_is_not_recorded_has_no_history(lookups: Lookups, notes: list[str]) -> None:
    """The answer is empty, after a look at the events of all users, which is noted for its cost."""
    assert await lookups.thread_with_history("unknown") is None
    assert await lookups.thread_with_history("unknown", USER) is None

    note = "the thread has no thread-level events: reading all of ChatUserEvents for its user-level events"
    assert [note] == notes
