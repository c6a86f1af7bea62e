"""The page without a mouse."""

import pytest
from playwright.async_api import Page, expect

from shared.errors import UnsupportedType
from tests.browser import sent
from tests.browser.server import Server
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_j_and_k_choose_and_enter_opens(site: Page, server: Server, world: World) -> None:
    """As in Gmail and in most lists since."""
    own = sent.number()
    await world.send(*(sent.sms(own, sent.number(), text) for text in ("one", "two", "three")))
    await site.goto(f"{server.origin}/?number={own[1:]}")
    rows = site.locator("#list [data-row]")
    await expect(rows).to_have_count(3)

    await site.keyboard.press("j")
    await expect(rows.nth(0)).to_be_focused()
    await site.keyboard.press("j")
    await site.keyboard.press("j")
    await site.keyboard.press("j")
    await expect(rows.nth(2)).to_be_focused()
    await site.keyboard.press("k")
    await expect(rows.nth(1)).to_be_focused()
    chosen = await rows.nth(1).get_attribute("href")
    await site.keyboard.press("Enter")

    await site.wait_for_url(f"{server.origin}{chosen}")


async def test_the_chosen_row_stays_chosen_when_others_arrive(site: Page, server: Server, world: World) -> None:
    """Enter opens what was chosen, not what has taken its place."""
    own = sent.number()
    await world.send(sent.sms(own, sent.number(), "chosen"))
    await site.goto(f"{server.origin}/?number={own[1:]}")
    await expect(site.locator("#connection")).to_have_text("live")
    await site.keyboard.press("j")

    await world.send(sent.sms(own, sent.number(), "newer"))

    await expect(site.locator("#list > li")).to_have_count(2)
    await expect(site.locator("#list [data-row]").nth(1)).to_be_focused()
    await expect(site.locator("#list [data-row]").nth(1)).to_contain_text("chosen")


async def test_a_slash_searches_and_escape_leaves(site: Page) -> None:
    """In a field, letters are letters."""
    search = site.get_by_role("searchbox", name="Text")
    await site.keyboard.press("/")
    await expect(search).to_be_focused()
    await site.keyboard.type("j/k?r")
    await expect(search).to_have_value("j/k?r")
    await site.keyboard.press("Escape")
    await expect(search).not_to_be_focused()

    await site.keyboard.press("/")
    await site.keyboard.type("jr")
    await site.keyboard.press("Enter")
    await site.wait_for_url("**/?text=jr")


async def test_a_question_mark_shows_the_keys(site: Page) -> None:
    """Nobody has to remember them."""
    dialog = site.get_by_role("dialog", name="Keys")
    await site.keyboard.press("?")
    await expect(dialog).to_be_visible()
    for key in ("j", "k", "Enter", "Esc", "/", "p", "r", "?"):
        await expect(dialog.get_by_text(key, exact=True).first).to_be_visible()
    await site.keyboard.press("Escape")
    await expect(dialog).to_be_hidden()


async def test_p_pauses(site: Page) -> None:
    """And goes on."""
    await site.keyboard.press("p")
    await expect(site.get_by_role("button", name="Go on")).to_be_visible()
    await site.keyboard.press("p")
    await expect(site.get_by_role("button", name="Pause")).to_be_visible()


async def test_r_replays_the_chosen_dead_letter(site: Page, server: Server, world: World) -> None:
    """And no other one."""
    letters = [sent.sms(sent.number(), sent.number(), text) for text in ("chosen", "other")]
    for letter in letters:
        await world.bury(letter, UnsupportedType("not known yet", event_id=letter["id"]))
    await site.goto(f"{server.origin}/dead-letters")
    await site.locator("[data-row]").filter(has_text=letters[0]["id"]).focus()

    await site.keyboard.press("r")

    await expect(site.get_by_role("status")).to_contain_text("1 recorded.")
    await expect(site.locator("[data-row]").filter(has_text=letters[0]["id"])).to_have_count(0)
    await expect(site.locator("[data-row]").filter(has_text=letters[1]["id"])).to_have_count(1)


async def test_escape_leads_back_up(site: Page, server: Server, world: World) -> None:
    """From one message to its number, from the number to all numbers."""
    own = sent.number()
    await world.send(sent.sms(own, sent.number(), "up"))
    await site.goto(f"{server.origin}/sms?number={own[1:]}")

    await site.keyboard.press("Escape")

    await site.wait_for_url(f"{server.origin}/sms")
