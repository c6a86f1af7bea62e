"""Dead letters and what may be changed from the page: replaying, sending; and a page that may change nothing."""

import json

import pytest
from playwright.async_api import Page, expect

from shared.errors import InternalError, UnsupportedType
from tests.browser import sent
from tests.browser.complaints import Complaints
from tests.browser.server import Server
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_what_cannot_be_recorded_is_shown_with_the_place_of_the_problem(
    site: Page, server: Server, world: World
) -> None:
    """A broken event is published, becomes a dead letter, and its text shows where it is broken."""
    broken = sent.sample("2025/SMSReceived", to=["nobody"])
    await world.send(broken)
    await site.goto(f"{server.origin}/dead-letters?reason=invalid_data")

    await site.locator("[data-row]").filter(has_text=broken["id"]).click()

    await expect(site.get_by_role("heading", name="invalid_data")).to_be_visible()
    marked = site.get_by_role("region", name="JSON text").locator(".marked")
    await expect(marked).to_have_count(1)
    await expect(marked).to_contain_text('"to"')
    await expect(marked).to_contain_text("nobody")


async def test_a_dead_letter_is_replayed_and_its_event_shown(site: Page, server: Server, world: World) -> None:
    """As after an upgrade that can read it: recorded, removed here, and one click away."""
    event = sent.sms(sent.number(), sent.number(), "better late than never")
    await world.bury(event, UnsupportedType("not known yet", "$.eventType", event_id=event["id"]))
    await site.goto(f"{server.origin}/dead-letters")
    await site.locator("[data-row]").filter(has_text=event["id"]).click()

    await site.get_by_role("button", name="Replay").click()

    await expect(site.get_by_role("status")).to_contain_text("1 recorded.")
    await expect(site.locator("[data-row]").filter(has_text=event["id"])).to_have_count(0)
    await site.get_by_role("link", name="Show the event").click()
    await expect(site.get_by_role("row", name="Body better late than never")).to_be_visible()


async def test_a_dead_letter_that_still_cannot_be_recorded_stays(site: Page, server: Server, world: World) -> None:
    """With the reason of today."""
    broken = sent.sample("2025/SMSReceived", to=None)
    await world.bury(broken, InternalError("a bug of an earlier release", event_id=broken["id"]))
    await site.goto(f"{server.origin}/dead-letters")
    await site.locator("[data-row]").filter(has_text=broken["id"]).click()

    await site.get_by_role("button", name="Replay").click()

    await expect(site.get_by_role("status")).to_contain_text("Nothing was recorded.")
    await expect(site.get_by_role("status")).to_contain_text("1 stays: missing_key")
    await expect(site.get_by_role("heading", name="internal_error")).to_be_visible()


async def test_reloading_an_outcome_replays_nothing(site: Page, server: Server, world: World) -> None:
    """Nor does going back and forth: a dead letter that came meanwhile stays, though it could be recorded."""
    first, later = (sent.sms(sent.number(), sent.number(), "better late than never") for _ in range(2))
    await world.bury(first, InternalError("a bug of an earlier release", event_id=first["id"]))
    await site.goto(f"{server.origin}/dead-letters?reason=internal_error")
    await site.get_by_role("button", name="Replay all of internal_error").click()
    await expect(site.get_by_role("status")).to_contain_text("1 recorded.")
    await world.bury(later, InternalError("a bug of an earlier release", event_id=later["id"]))

    for look_again in (site.reload, site.go_back, site.go_forward):
        await look_again()

    await expect(site.get_by_role("status")).to_contain_text("1 recorded.")
    waiting = site.get_by_role("listitem").filter(has_text=later["id"])
    await waiting.get_by_role("button", name="Replay").click()
    await expect(waiting).to_have_count(0)


async def test_all_of_a_reason_are_replayed(site: Page, server: Server, world: World) -> None:
    """Those that can be are recorded, the others are told."""
    own = sent.number()
    whole = [sent.sms(own, sent.number(), f"letter {number}") for number in range(3)]
    broken = sent.sample("2025/SMSReceived", to=None)
    for event in (*whole, broken):
        await world.bury(event, InternalError("a bug of an earlier release", event_id=event["id"]))
    await site.goto(f"{server.origin}/dead-letters")
    await site.get_by_role("navigation", name="Reasons").get_by_role("link", name="internal_error").click()

    await site.get_by_role("button", name="Replay all of internal_error").click()

    await expect(site.get_by_role("status")).to_contain_text("3 recorded.")
    await expect(site.get_by_role("status")).to_contain_text("missing_key")
    for event in whole:
        await expect(site.locator("[data-row]").filter(has_text=event["id"])).to_have_count(0)
    await expect(site.locator("[data-row]").filter(has_text=broken["id"])).to_have_count(1)
    await site.goto(f"{server.origin}/?number={own[1:]}")
    await expect(site.locator("#list > li")).to_have_count(3)


async def test_a_sample_is_edited_sent_and_seen_to_arrive(site: Page) -> None:
    """Through the local Event Grid, the function and the tables, back into the page that sent it."""
    await site.get_by_role("link", name="Send").click()
    await expect(site.locator("#connection")).to_have_text("live")
    await site.get_by_label("Sample").select_option("2020/SMSReceived")
    await site.wait_for_url("**/send?sample=2020*")
    await expect(site.locator("#connection")).to_have_text("live")
    field = site.get_by_role("textbox", name="Event")
    event = json.loads(await field.input_value())
    text = f"edited {sent.number()}"
    event["data"]["Message"] = text
    await field.fill(json.dumps(event))

    await site.get_by_role("button", name="Send").click()

    await expect(site.get_by_text("1 sent.")).to_be_visible()
    arrived = site.get_by_role("region", name="What arrives").get_by_text(text)
    await expect(arrived).to_be_visible()
    await expect(field).to_have_value(json.dumps(event))
    await arrived.click()
    await expect(site.get_by_role("row", name=f"Body {text}")).to_be_visible()


async def test_what_is_no_event_is_not_sent(site: Page, server: Server, complaints: Complaints) -> None:
    """The error says what is wrong, and what was written stays."""
    complaints.expect("status of 400")
    await site.goto(f"{server.origin}/send")
    await site.get_by_role("textbox", name="Event").fill('{"id": 1,')

    await site.get_by_role("button", name="Send").click()

    await expect(site.get_by_role("alert")).to_be_visible()
    await expect(site.get_by_role("textbox", name="Event")).to_have_value('{"id": 1,')


async def test_a_page_for_reading_changes_nothing(page: Page, world: World, complaints: Complaints) -> None:
    """`--read-only`: no button, no key, and a form that is sent all the same is refused."""
    complaints.expect("status of 403")
    letter = sent.sms(sent.number(), sent.number(), "untouched")
    await world.bury(letter, UnsupportedType("not known yet", event_id=letter["id"]))
    async with Server.running(world.folder, world.tables, "--read-only") as server:
        await page.goto(server.address)
        await expect(page.get_by_text("read-only", exact=True)).to_be_visible()
        await page.goto(f"{server.origin}/send")
        await expect(page.get_by_text("it sends nothing")).to_be_visible()
        await page.goto(f"{server.origin}/dead-letters")
        row = page.locator("[data-row]").filter(has_text=letter["id"])
        await expect(row).to_have_count(1)
        assert await page.get_by_role("button", name="Replay").count() == 0
        await row.focus()
        await page.keyboard.press("r")
        for path in ("/dead-letters/replay", "/send"):
            asked = "path => fetch(path, {method: 'POST', body: new URLSearchParams({all: 1})}).then(one => one.status)"
            assert await page.evaluate(asked, path) == 403
        await page.reload()
        await expect(row).to_have_count(1)
