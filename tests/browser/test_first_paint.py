"""What a reader sees of every view before the tables have answered."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.server import Server
from tests.storage.misbehaving import MisbehavingServer, hang, in_turn

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAINTED = """() => new Promise(painted => new PerformanceObserver(painted)
    .observe({type: "paint", buffered: true})).then(() => true)"""
VIEWS = {
    "/": "Filter",
    "/?kind=sms.received&since=1h": "Filter",
    "/sms": "Show",
    "/sms?number=1": "Copy command",
    "/sms?number=1&message=m": "?",
    "/sms/report?number=1": "Show",
    "/threads": "Show",
    "/threads?id=19:x": "?",
    "/dead-letters": "?",
}
"""A button of each that needs no table."""


async def test_every_view_is_painted_while_the_tables_do_not_answer(page: Page, tmp_path: Path) -> None:
    """However many rows there are: they are waited for behind the frame."""
    async with (
        MisbehavingServer.start(in_turn(hang)) as tables,
        Server.running(tmp_path, tables.connection_string) as server,
    ):
        await page.goto(server.address, wait_until="commit")
        for path, button in VIEWS.items():
            await page.goto(server.origin + path, wait_until="commit")

            await expect(page.get_by_role("button", name=button, exact=True)).to_be_visible()
            await expect(page.get_by_text("reading the tables")).to_be_visible()
            async with asyncio.timeout(20):
                assert await page.evaluate(PAINTED)
        await page.goto("about:blank")  # leave before the server ends in the middle of its answer
