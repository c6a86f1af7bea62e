"""Takes a picture of every view of the page, in light and dark: `make page-pictures`."""

import asyncio
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, Literal

from playwright.async_api import Page, async_playwright, expect

from tests.browser import chromium, scene
from tests.browser.server import ROOT, Server
from tests.browser.views import VIEWS
from tests.browser.world import World

FOLDER: Final = ROOT / "docs" / "pictures"
SCHEMES: Final[tuple[Literal["light", "dark"], ...]] = ("light", "dark")
_WIDTH, _HEIGHT = 1280, 800


def picture(view: str, scheme: str) -> Path:
    """Return where a picture stands."""
    return FOLDER / f"page-{view}-{scheme}.png"


async def take() -> None:
    """Start the stack, let the evening of `scene` happen, and take all pictures."""
    with tempfile.TemporaryDirectory(prefix="acsevents-pictures-") as folder:
        async with (
            async_playwright() as playwright,
            World.start(Path(folder)) as world,
            await chromium.start(playwright.chromium) as browser,
        ):
            await world.send(*scene.of_the_last_hour(datetime.now(UTC)))
            for event, error in scene.dead_letters():
                await world.bury(event, error)
            async with Server.running(world.folder, world.tables) as server:
                page = await browser.new_page(
                    locale="en-GB", timezone_id="Europe/Berlin", viewport={"width": _WIDTH, "height": _HEIGHT}
                )
                await page.goto(server.address)
                await expect(page.locator("#connection")).to_have_text("live")
                await world.send(*scene.just_now(datetime.now(UTC)))
                await expect(page.get_by_text("See you in ten minutes!")).to_be_visible()
                await _take_all(page)


async def _take_all(page: Page) -> None:
    FOLDER.mkdir(exist_ok=True)
    for view in VIEWS:
        await view.show(page)
        await expect(page.locator("time:not([data-local])")).to_have_count(0)
        for scheme in SCHEMES:
            await page.emulate_media(color_scheme=scheme)
            await page.screenshot(path=picture(view.name, scheme))


if __name__ == "__main__":
    asyncio.run(take())
