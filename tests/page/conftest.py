"""A browser, started once per run, and windows that may not complain.

All tests here run in one event loop, that of the browser: `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from tests.page import chromium
from tests.page.complaints import Complaints


@pytest_asyncio.fixture(name="browser", scope="session", loop_scope="session")
async def _browser() -> AsyncIterator[Browser]:
    """The browser, without window."""
    async with async_playwright() as playwright:
        browser = await chromium.start(playwright.chromium)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(name="context", loop_scope="session")
async def _context(browser: Browser) -> AsyncIterator[BrowserContext]:
    """A profile of its own, of someone in New York who writes British English: neither UTC nor this machine's zone."""
    context = await browser.new_context(
        locale="en-GB", timezone_id="America/New_York", viewport={"width": 1280, "height": 800}
    )
    context.set_default_timeout(20_000)  # milliseconds: a noisy machine is slow
    yield context
    await context.close()


@pytest_asyncio.fixture(name="complaints", loop_scope="session")
async def _complaints(context: BrowserContext) -> AsyncIterator[Complaints]:
    """What the browser says against the pages of the context; fails the test if anything."""
    complaints = Complaints(context)
    yield complaints
    assert [] == complaints.unexpected


@pytest_asyncio.fixture(name="page", loop_scope="session")
async def _page(context: BrowserContext, complaints: Complaints) -> Page:  # noqa: ARG001  # listens before the page opens
    """A blank page that may not complain."""
    return await context.new_page()
