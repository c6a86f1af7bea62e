"""A thread as a chat: what was said, what it said before, who came and went, and what one user saw."""

import html
import re
from typing import Any

import pytest

from acsevents.page.conversation import Changed, Said, entries
from acsevents.samples import events
from shared.storage.account import Account
from shared.stories import Message, Step, Transcript
from tests import samples
from tests.page.visiting import record, visitor

ALICE = "8:acs:alice"
THREAD = "19:a-thread@thread.v2"


def time(minute: int) -> str:
    """Tell a time."""
    return f"2026-01-02T12:{minute:02}:00.0000000Z"


def message(number: int, **facts: Any) -> Message:
    """Make a message that was sent in some minute."""
    told = {"sender_id": ALICE, "sender_name": "Alice", "composed_at": time(number), "text": f"text {number}", **facts}
    return Message(message_id=f"m{number}", **told)


def transcript(*messages: Message) -> Transcript:
    """Make a thread."""
    return Transcript(THREAD, "Topic", (), messages)


def told(entry: Said | Changed) -> str:
    """Tell an entry in a word."""
    return entry.message.message_id if isinstance(entry, Said) else entry.words


def test_changes_stand_between_the_messages_by_their_time() -> None:
    """Before the first and behind the last too."""
    steps = [
        Step(time(0), "thread.created", ALICE, "Topic"),
        Step(time(2), "message.received", ALICE, "text 2", "m2"),
        Step(time(3), "participant.added", ALICE, "Bob"),
        Step(time(5), "participant.removed", ALICE, "Bob"),
        Step(time(9), "thread.deleted", ALICE, None),
    ]

    entered = [told(entry) for entry in entries(transcript(message(2), message(4), message(6)), steps)]

    assert entered == ["the thread was created", "m2", "joined", "m4", "left", "m6", "the thread was deleted"]


def test_messages_keep_the_order_of_the_transcript() -> None:
    """Their versions decide it, not their clocks; one whose time nobody knows has its place too."""
    steps = [Step(time(5), "participant.added", ALICE, "Bob")]

    entered = [
        told(entry) for entry in entries(transcript(message(7), message(3), message(4, composed_at=None)), steps)
    ]

    assert entered == ["joined", "m7", "m3", "m4"]


def test_a_message_that_was_changed_tells_what_it_said() -> None:
    """Edits and deletions; one that was not says nothing twice."""
    steps = [
        Step(time(1), "message.received", ALICE, "first", "m1"),
        Step(time(2), "message.edited", ALICE, "second", "m1"),
        Step(time(3), "message.received", ALICE, "only", "m3"),
        Step(time(4), "message.deleted", ALICE, None, "m4"),
    ]
    edited = message(1, text="second", edits=1)
    deleted = message(4, text=None, deleted_at=time(4))

    versions = [
        entry.versions for entry in entries(transcript(edited, message(3), deleted), steps) if isinstance(entry, Said)
    ]

    assert [[step.what for step in one] for one in versions] == [["first", "second"], [], [None]]


def test_nothing_happened() -> None:
    """A thread of which only typing is known."""
    assert entries(transcript(), ()) == []


async def test_every_thread_of_the_samples_is_listed_and_shown(account: Account) -> None:
    """As it is, and as each of its participants saw it."""
    await record(account, *events())
    ids = {event["data"]["threadId"] for event in events() if "threadId" in event["data"]}
    async with visitor(account) as page:
        listed = await page.get("/threads")
        links = [html.unescape(link) for link in re.findall(r'href="(/threads\?id=[^"]*)"', listed.text)]
        shown = [await page.get(link) for link in links]
        views = {html.unescape(link) for one in shown for link in re.findall(r'href="([^"]*seen-by=[^"]*)"', one.text)}
        seen = [await page.get(link) for link in views]

    assert len(links) == len(set(links)) == len(ids)
    assert {answer.status for answer in shown} == {200}
    assert views
    assert {answer.status for answer in seen} == {200}
    assert any("As seen by" in answer.text for answer in seen)


async def test_a_thread_tells_edits_deletions_members_and_gaps(account: Account) -> None:
    """As the command does."""
    await record(account, *(samples.event(name) for name in samples.NAMES if name.startswith("2025/Chat")))
    (thread,) = {samples.event(name)["data"]["threadId"] for name in samples.NAMES if name.startswith("2025/Chat")}
    async with visitor(account) as page:
        answer = await page.get(f"/threads?id={thread}")

    for words in ("Is table 7 free at half past eight?", "edited", "deleted", "joined", "its original is not recorded"):
        assert words in answer.text
    assert "In the thread now" in answer.text


async def test_a_long_thread_comes_in_parts(account: Account) -> None:
    """The newest first; each part leads to those beside it."""
    sample = samples.event("2025/ChatMessageReceivedInThread")
    many = [
        {
            **sample,
            "id": f"e{number}",
            "data": {**sample["data"], "messageId": f"{number:06}", "version": 10**12 + number},
        }
        for number in range(450)
    ]
    await record(account, *many)
    path: str | None = f"/threads?id={sample['data']['threadId']}"
    counts = []
    async with visitor(account) as page:
        while path:
            answer = await page.get(path)
            counts.append(answer.text.count('class="said'))
            earlier = re.search(r'<a href="([^"]*)">[\d,]+ earlier</a>', answer.text)
            path = html.unescape(earlier[1]) if earlier else None

    assert counts == [200, 200, 50]
    assert "400 later" in answer.text


@pytest.mark.parametrize("query", ["id=nobody", "id=nobody&seen-by=nobody", "id=%00&end=x"])
async def test_a_thread_that_is_not_there_is_told(account: Account, query: str) -> None:
    """In words."""
    async with visitor(account) as page:
        answer = await page.get(f"/threads?{query}")

    assert answer.status == 200  # it is sent before the tables have answered
    assert "No such thread" in answer.text
