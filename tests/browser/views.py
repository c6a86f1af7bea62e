"""The views of the page: the one list for pictures, accessibility, narrow windows and the documentation."""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple
from urllib.parse import urlencode

from playwright.async_api import Page, expect

from tests.browser import scene


class View(NamedTuple):
    """One view, shown with the events of `scene`.

    Attributes:
        name: of its picture.
        route: where the server has it.
        template: what it is made of.
        show: opens it, from any other view.
    """

    name: str
    route: str
    template: str
    show: Callable[[Page], Awaitable[None]]


def _at(path: str, **query: str) -> Callable[[Page], Awaitable[None]]:
    async def show(page: Page) -> None:
        await page.goto(_origin(page) + path + (f"?{urlencode(query)}" if query else ""))

    return show


def _chosen(path: str, text: str) -> Callable[[Page], Awaitable[None]]:
    async def show(page: Page) -> None:
        await page.goto(_origin(page) + path)
        await page.locator("[data-row]").filter(has_text=text).first.click()
        await expect(page.get_by_role("heading", name="Its text")).to_be_visible()
        await page.wait_for_load_state()

    return show


async def _keys(page: Page) -> None:
    await page.goto(f"{_origin(page)}/dead-letters")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()


def _origin(page: Page) -> str:
    return "/".join(page.url.split("/")[:3])


VIEWS: Final = (
    View("events", "/", "events.html", _at("/")),
    View("filtered", "/", "events.html", _at("/", kind="sms.delivery-report", status="Failed", since="1h")),
    View(
        "event",
        "/events/{handle}",
        "event.html",
        _chosen(f"/?thread={scene.THREAD}&kind=message.edited", ""),
    ),
    View("numbers", "/sms", "numbers.html", _at("/sms")),
    View("number", "/sms", "sms.html", _at("/sms", number=scene.OWN)),
    View("message", "/sms", "sms_message.html", _at("/sms", number=scene.OWN, message=scene.REMINDED)),
    View("report", "/sms/report", "sms_report.html", _at("/sms/report", number=scene.OWN)),
    View("threads", "/threads", "threads.html", _at("/threads")),
    View("thread", "/threads", "thread.html", _at("/threads", id=scene.THREAD)),
    View("dead-letters", "/dead-letters", "dead_letters.html", _at("/dead-letters")),
    View("dead-letter", "/dead-letters/{id}", "dead_letter.html", _chosen("/dead-letters", "$.data.to")),
    View("send", "/send", "send.html", _at("/send")),
    View("keys", "/dead-letters", "base.html", _keys),
    View("problem", "/dead-letters/{id}", "problem.html", _at("/dead-letters/none")),
)
