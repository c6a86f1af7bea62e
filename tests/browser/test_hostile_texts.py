"""Texts of strangers, in every field of every view: shown, never obeyed."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from acsevents.text import escaped
from shared.errors import InvalidData
from tests import samples
from tests.browser import sent
from tests.browser.complaints import Complaints
from tests.browser.hostile import OBEYED, TEXTS
from tests.browser.sent import Event
from tests.browser.server import Server
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")

KINDS: Final = {name.partition("/")[2]: name for name in samples.NAMES}  # of each type the newest generation
_TURNS: Final = 6  # events of each kind; each field has another text in each
_STEP: Final = 5  # from one field's text to the next one's; no divisor of their number
_TELLING: Final = re.compile(r"\d{4}-\d\d-\d\dT|\d{13}$")  # times and versions, without which there is no story
_COLUMNS: Final = {
    "message": "Body",
    "messageBody": "Body",
    "messageId": "MessageId",
    "threadId": "ThreadId",
    "senderDisplayName": "SenderDisplayName",
    "deliveryStatus": "DeliveryStatus",
    "deliveryStatusDetails": "DeliveryStatusDetails",
    "Tag": "Tag",
    "type": "MessageType",
    "transactionId": "TransactionId",
}
_CELLS: Final = "rows => rows.map(row => [...row.cells].map(cell => cell.textContent))"


def hostile(value: Any, texts: Iterator[str]) -> Any:
    """Put a hostile text into each field."""
    if isinstance(value, dict):
        return {name: hostile(inner, texts) for name, inner in value.items()}
    if isinstance(value, list):
        return [hostile(inner, texts) for inner in value]
    return value if not isinstance(value, str) or _TELLING.match(value) else next(texts)


def _turn(number: int) -> Iterator[str]:
    texts = [*TEXTS.values()]
    while True:
        yield texts[number % len(texts)]
        number += _STEP


def visible(text: str) -> str:
    """Return what a page shows for a text: control characters as escapes, half an emoji as the tables keep it."""
    return escaped(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


@pytest_asyncio.fixture(name="strange", scope="session", loop_scope="session")
async def _strange(world: World) -> list[Event]:
    """Events of every type with hostile texts in all fields, recorded or filed as dead letters."""
    now = datetime.now(UTC)
    events = []
    for turn in range(_TURNS):
        for index, name in enumerate(KINDS.values()):
            event = sent.sample(name, now - timedelta(seconds=turn, milliseconds=index))
            texts = _turn(turn * len(KINDS) + index)
            event |= {"id": next(texts) + event["id"], "subject": next(texts)}
            events.append({**event, "data": hostile(event["data"], texts)})
    await world.send(*events)
    for event, text in zip(events, TEXTS.values(), strict=False):
        problem = InvalidData(text, "$.data", event_id=event["id"], event_type=event["eventType"])
        await world.bury({**event, "dataVersion": "2"}, problem)
    return events


async def _harmless(page: Page) -> None:
    await page.wait_for_load_state()  # its style sheet says how wide it is
    assert await page.evaluate(OBEYED) == [], page.url


async def test_the_corpus_is_one(context: BrowserContext) -> None:
    """Taken for markup, many of the texts would be noticed by these tests: they are no paper tigers."""
    await context.route("**", lambda route: route.abort())
    careless = f"""text => {{
        document.body.innerHTML = `<p>${{text}}</p><p title="${{text}}"></p>`;
        return ({OBEYED})();
    }}"""
    noticed = []
    for name, text in TEXTS.items():
        page = await context.new_page()
        if await page.evaluate(careless, text):
            noticed.append(name)
        await page.close()

    assert {"a script", "an image that fails", "a frame", "the end of an attribute", "a base", "a form"} <= {*noticed}
    assert len(noticed) > len(TEXTS) / 3


async def test_lists_show_them(site: Page, server: Server, strange: list[Event], complaints: Complaints) -> None:
    """The live list while they arrive is in it too: the page was open."""
    complaints.expect("^nothing")
    for path in ("/", "/sms", "/threads", "/dead-letters"):
        await site.goto(server.origin + path)
        await expect(site.locator("[data-row]").first).to_be_visible()
        await _harmless(site)
    assert strange


async def test_new_lines_show_them(site: Page, world: World) -> None:
    """Lines that join an open list come another way than those it began with."""
    await expect(site.locator("#connection")).to_have_text("live")
    mark = sent.number()
    await world.send(
        *(
            sent.sms(text or mark, text or mark, f"{mark} {text}", datetime.now(UTC) + timedelta(milliseconds=index))
            for index, text in enumerate(TEXTS.values())
        )
    )

    lines = site.locator("#list .what").filter(has_text=mark)
    await expect(lines).to_have_count(len(TEXTS))
    await _harmless(site)
    texts = await lines.all_text_contents()
    for line, text in zip(reversed(texts), TEXTS.values(), strict=True):
        assert line.removesuffix("…") == visible(f"{mark} {text}")[: len(line.removesuffix("…"))]


async def test_filters_give_them_back(site: Page, server: Server, complaints: Complaints) -> None:
    """What is written into an address comes back in fields, links and errors."""
    complaints.expect("status of 400")
    texts = [text[:200] for text in TEXTS.values()]
    fields = ("text", "status", "number", "user", "thread")
    for begin in range(0, len(texts), len(fields)):
        asked = dict(zip(fields, texts[begin:], strict=False))
        await site.goto(f"{server.origin}/?{urlencode(asked, errors='replace')}")
        await _harmless(site)
    for name in ("since", "until", "family", "kind", "before"):
        await site.goto(f"{server.origin}/?{urlencode({name: TEXTS['a script']})}")
        await expect(site.get_by_role("alert")).to_be_visible()
        await _harmless(site)


@pytest.mark.parametrize("kind", KINDS)
async def test_an_event_and_its_stories_show_them(
    kind: str, site: Page, server: Server, strange: list[Event], complaints: Complaints
) -> None:
    """Columns hold the very texts, and the views that the event leads to obey none of them."""
    complaints.expect("status of 404")  # of an id with half an emoji, which no address can hold
    event = next(one for one in strange if one["eventType"].endswith(f".{kind}"))
    since = urlencode({"since": event["eventTime"], "until": _after(event["eventTime"])})
    await site.goto(f"{server.origin}/?{since}")
    await site.locator("[data-row]").first.click()
    await expect(site.get_by_role("heading", name="Its text")).to_be_visible()
    await _harmless(site)
    columns = dict(await site.locator(".columns tr").evaluate_all(_CELLS))
    assert columns["EventId"] == visible(event["id"])
    for name, column in _COLUMNS.items():
        if name in event["data"] and column in columns:
            assert columns[column] == visible(event["data"][name]), name

    links = await site.locator(".actions a").evaluate_all("links => links.map(one => one.href)")
    assert links
    for link in links:
        await site.goto(link)
        await _harmless(site)


async def test_dead_letters_show_them(site: Page, server: Server, strange: list[Event]) -> None:
    """Reason, problem, ids and the text itself; also a text that is no JSON."""
    for event in strange[:4]:
        await site.goto(f"{server.origin}/dead-letters?reason=invalid_data")
        await site.locator("[data-row]").filter(has_text=event["id"][-36:]).click()
        await expect(site.get_by_role("heading", name="Its text")).to_be_visible()
        await _harmless(site)
        await expect(site.get_by_role("row", name="event id")).to_contain_text(event["id"][-36:])


async def test_a_megabyte_is_shown_on_demand(site: Page, server: Server, world: World) -> None:
    """As long as Event Grid takes it: the list shows the beginning, the event all of it."""
    own, text = sent.number(), "<b>" * 330_000
    await world.send(sent.sms(own, sent.number(), text))
    await site.goto(f"{server.origin}/?number={own[1:]}")
    await expect(site.locator("#list .what")).to_contain_text("<b><b>")
    await site.locator("#list a").click()
    await expect(site.get_by_text("990,002 characters")).to_be_visible()
    await _harmless(site)
    await site.get_by_text("990,002 characters").click()
    assert await site.locator(".json").evaluate("one => one.textContent.split('<b>').length - 1") >= 330_000
    await site.get_by_role("link", name=f"SMS of {own}").click()
    await expect(site.get_by_role("listitem").first).to_contain_text("<b><b>")
    await _harmless(site)


def _after(time: str) -> str:
    """Return the time a millisecond later."""
    return sent.written(datetime.fromisoformat(time) + timedelta(milliseconds=1))
