"""A view shows its frame before the tables have answered; what they say, or why they say nothing, follows."""

import asyncio
import logging

import pytest

from acsevents.page.views import events
from shared.storage.account import Account
from tests.page.visiting import Visitor, visitor
from tests.storage.misbehaving import MisbehavingServer, hang, in_turn

SECONDS = 30
VIEWS = {
    "/": "Family",
    "/?kind=sms.received&since=1h": "Family",
    "/sms": "A number, yours",
    "/sms?number=1": "How well it delivers",
    "/sms?number=1&message=m": "ACS events",
    "/sms/report?number=1": "How well 1 delivers",
    "/threads": "Id of a thread",
    "/threads?id=19:x&seen-by=y": "ACS events",
    "/dead-letters": "<h1>Dead letters</h1>",
}


async def beginning(page: Visitor, path: str) -> str:
    """Read the beginning of an answer, until the tables are waited for; then leave."""
    text = ""
    async with asyncio.timeout(SECONDS), page.session.get(page.url + path) as answer:
        while "reading the tables" not in text:
            text += (await answer.content.readany()).decode()
    return text


@pytest.mark.parametrize("path", VIEWS)
async def test_the_frame_does_not_wait_for_the_tables(path: str, caplog: pytest.LogCaptureFixture) -> None:
    """They never answer here; a reader who leaves meanwhile is no trouble."""
    async with MisbehavingServer.start(in_turn(hang)) as tables, visitor(tables.account) as page:
        shown = await beginning(page, path)

    assert VIEWS[path] in shown
    assert 'aria-label="Views"' in shown
    assert caplog.messages == []


@pytest.mark.parametrize("path", VIEWS)
async def test_the_frame_shows_why_the_tables_say_nothing(path: str) -> None:
    """In the place of what they would say, and the page is whole."""
    async with MisbehavingServer.start(in_turn(hang)) as tables:
        gone = tables.account
    async with visitor(gone) as page:
        answer = await page.get(path)

    assert "That did not work: Azure does not answer" in answer.text
    assert answer.text.endswith("</html>")


async def test_the_head_alone_asks_nothing_of_the_tables(account: Account) -> None:
    """As whoever checks a link wants it."""
    async with visitor(account) as page, page.session.head(f"{page.url}/sms") as answer:
        assert (answer.status, await answer.read()) == (200, b"")


async def test_a_bug_behind_the_frame_is_told_and_logged(
    account: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Of what is found nothing is shown: only that there is a bug."""

    async def broken(*_: object) -> None:
        raise KeyError("a secret")

    monkeypatch.setattr(events, "search", broken)
    async with visitor(account) as page:
        answer = await page.get("/")

    assert "A bug: The terminal shows more of it." in answer.text
    assert "a secret" not in answer.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


async def test_a_bug_in_a_template_is_told_and_logged(
    account: Account, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Though the page has begun."""

    async def nothing(*_: object) -> None:
        return None

    monkeypatch.setattr(events, "search", nothing)
    async with visitor(account) as page:
        answer = await page.get("/")

    assert "A bug: The terminal shows more of it." in answer.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
