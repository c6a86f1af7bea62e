"""The browser that the tests of the page run in."""

import shutil
from pathlib import Path
from unittest.mock import AsyncMock

import pytest
from playwright.async_api import BrowserContext, BrowserType, Page
from playwright.async_api import Error as PlaywrightError

from acsevents import setup
from tests.browser import chromium
from tests.browser.complaints import Complaints
from tests.browser.elsewhere import served

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_the_browser_runs_scripts_in_another_time_zone(page: Page) -> None:
    """Dates are those of New York, so a page that shows UTC or the machine's zone as local time is noticed."""
    await page.set_content("<p></p>")

    assert await page.evaluate("new Date(0).toLocaleString()") == "31/12/1969, 19:00:00"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("<script>console.error('oh')</script>", "console error: oh"),
        ("<script>throw new Error('thrown')</script>", "page error: thrown"),
        ("<img src='https://example.com/pixel.png'>", "request to another host: https://example.com/pixel.png"),
        (
            "<link rel='stylesheet' href='//fonts.example.com/x.css'>",
            "request to another host: http://fonts.example.com",
        ),
    ],
)
async def test_a_page_that_complains_is_noticed(context: BrowserContext, content: str, complaint: str) -> None:
    """An error in the console, a failed script, and a request to elsewhere fail the test that opened the page."""
    complaints = Complaints(context)
    await context.route("http*://*.com/**", lambda route: route.abort())
    page = await context.new_page()

    with served(content) as address:
        await page.goto(address)

    assert any(text.startswith(complaint) for text in complaints.unexpected), complaints.unexpected


async def test_expected_complaints_are_allowed(context: BrowserContext) -> None:
    """A test that stops the server under a page expects the browser to say so, and nothing else."""
    complaints = Complaints(context)
    complaints.expect("^console error: oh")
    page = await context.new_page()

    await page.set_content("<script>console.error('oh'); console.error('no')</script>")

    assert [text.split(" at ")[0] for text in complaints.unexpected] == ["console error: no"]


async def test_a_browser_that_is_not_installed_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever runs pytest by hand before `make test` is told about it."""
    monkeypatch.setattr(setup, "browser_is_packed", lambda: True)
    monkeypatch.setattr(setup, "UNPACKED", tmp_path)

    with pytest.raises(RuntimeError, match="`make test`"):
        await chromium.start(AsyncMock(BrowserType))


async def test_a_machine_without_a_browser_is_told_which_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no Chromium is packed for, Chrome, Edge and Chromium are looked for; none is an error, never a skip."""
    monkeypatch.setattr(setup, "browser_is_packed", lambda: False)
    monkeypatch.setattr(shutil, "which", lambda _program: None)
    launcher = AsyncMock(BrowserType)
    launcher.launch.side_effect = PlaywrightError("Chromium distribution 'chrome' is not found at /opt")

    with pytest.raises(RuntimeError, match="install Google Chrome, Microsoft Edge or Chromium"):
        await chromium.start(launcher)
    assert [call.kwargs for call in launcher.launch.call_args_list] == [{"channel": name} for name in chromium.CHANNELS]
