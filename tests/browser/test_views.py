"""Every view: readable by everybody, in light and dark, on a narrow window, and pictured in the documentation."""

from datetime import UTC, datetime

import pytest
import pytest_asyncio
from aiohttp.web import RouteDef
from playwright.async_api import Page, ViewportSize, expect

from acsevents.page import server
from acsevents.page.templating import STATIC
from tests.browser import axe, scene
from tests.browser.complaints import Complaints
from tests.browser.pictures import FOLDER, SCHEMES, picture
from tests.browser.server import ROOT
from tests.browser.views import VIEWS, View
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

EACH = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
DOCUMENT = (ROOT / "docs" / "page.md").read_text("utf-8")
NARROW = ViewportSize(width=320, height=640)  # the width that WCAG asks for (1.4.10, Reflow)


@pytest_asyncio.fixture(name="evening", scope="session", loop_scope="session")
async def _evening(world: World) -> None:
    """What the views show: an evening at a restaurant."""
    await world.send(*scene.of_the_last_hour(datetime.now(UTC)))
    for event, error in scene.dead_letters():
        await world.bury(event, error)


@EACH
@pytest.mark.usefixtures("evening")
async def test_everybody_can_read_it(view: View, site: Page, complaints: Complaints) -> None:
    """Axe finds nothing wrong: names, roles, landmarks, contrast; in light and dark, and on a narrow window."""
    complaints.expect("status of 404" if view.name == "problem" else "^nothing")
    await view.show(site)
    await expect(site.locator("time:not([data-local])")).to_have_count(0)

    for scheme in SCHEMES:
        await site.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        assert await axe.violations(site) == [], scheme
    await site.set_viewport_size(NARROW)
    assert await site.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


async def test_every_view_is_in_the_list() -> None:
    """One that is added is checked and pictured, or this fails."""
    templates = {path.name for path in (STATIC.parent / "templates").glob("[!_]*.html")}
    routes = {one.path for one in server._ROUTES if isinstance(one, RouteDef) and one.method == "GET"}

    assert templates == {view.template for view in VIEWS}
    assert routes - {"/stream"} == {view.route for view in VIEWS}


@EACH
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_it_is_pictured(view: View, scheme: str) -> None:
    """docs/page.md shows it, in light and dark; `make page-pictures` takes the pictures."""
    path = picture(view.name, scheme)

    assert path.exists(), "run `make page-pictures`"
    assert f"pictures/{path.name}" in DOCUMENT


async def test_no_picture_is_of_a_view_that_is_gone() -> None:
    """And the README shows one of them."""
    assert {picture(view.name, scheme) for view in VIEWS for scheme in SCHEMES} == {*FOLDER.iterdir()}
    assert "docs/pictures/page-events-light.png" in (ROOT / "README.md").read_text("utf-8")
