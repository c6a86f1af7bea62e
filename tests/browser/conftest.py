"""A browser and a local stack, started once per run, and windows that may not complain.

The stack is shared: a test sends events of numbers and threads of its own, and looks at these.

All tests here run in one event loop, that of the browser: `pytestmark = pytest.mark.asyncio(loop_scope="session")`.
"""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, Locator, Page, async_playwright, expect

from tests.browser import chromium
from tests.browser.complaints import Complaints
from tests.browser.server import Server
from tests.browser.world import World

_MILLISECONDS = 20_000  # a noisy machine is slow
expect.set_options(timeout=_MILLISECONDS)


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
    context.set_default_timeout(_MILLISECONDS)
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


@pytest_asyncio.fixture(name="world", scope="session", loop_scope="session")
async def _world(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """The local stack."""
    async with World.start(tmp_path_factory.mktemp("world")) as world:
        yield world


@pytest_asyncio.fixture(name="server", scope="session", loop_scope="session")
async def _server(world: World) -> AsyncIterator[Server]:
    """The page of the stack's tables."""
    async with Server.running(world.folder, world.tables) as server:
        yield server


async def _look_again(link: Locator) -> None:
    """Follow the link that is shown where the tables of a noisy machine answer late."""
    await link.click()


@pytest_asyncio.fixture(name="site", loop_scope="session")
async def _site(page: Page, server: Server) -> Page:
    """The page, opened by the address that its server printed."""
    await page.add_locator_handler(page.get_by_role("link", name="Look again"), _look_again)
    await page.goto(server.address)
    return page
