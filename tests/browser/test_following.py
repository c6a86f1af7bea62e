"""From an event to its stories, and out of the page: links, folds, copies."""

import asyncio
import shlex
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, expect

from tests.browser import sent
from tests.browser.server import Server
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_sms_is_followed_from_the_list_to_how_the_number_delivers(
    site: Page, server: Server, world: World
) -> None:
    """The event, its message with the attempts, the conversation, the report."""
    own, peer = sent.number(), sent.number()
    await world.send(sent.report(own, peer, Tag="reservations"), sent.sms(own, peer, "Thank you!"))
    await site.goto(f"{server.origin}/?number={own[1:]}")

    await site.get_by_text("Delivered", exact=True).click()
    await expect(site.get_by_role("row", name="DeliveryStatus Delivered")).to_be_visible()
    await expect(site.get_by_role("region", name="JSON text")).to_contain_text('"deliveryStatus": "Delivered"')
    await site.get_by_role("link", name="This SMS").click()

    steps = site.get_by_role("listitem")
    await expect(steps.filter(has_text="+0.0 s attempt 1: 0 segments sent, 1 segment failed")).to_be_visible()
    await expect(steps.filter(has_text="+8.0 s reported: Delivered")).to_be_visible()
    await expect(site.get_by_role("img", name="The attempts on an axis of time")).to_be_visible()
    await site.get_by_role("link", name=f"The conversations of {own}").click()

    await expect(site.get_by_role("region", name=f"with {peer}")).to_contain_text("Thank you!")
    await expect(site.get_by_role("region", name=f"with {peer}")).to_contain_text("2 attempts · reservations")
    await site.get_by_role("link", name="How well it delivers").click()

    await expect(site.get_by_role("heading", name="Time to delivery")).to_be_visible()
    await expect(site.get_by_role("row", name="Delivered 1")).to_be_visible()


async def test_a_chat_is_followed_to_what_one_of_them_saw(site: Page, server: Server, world: World) -> None:
    """The transcript with what was said before an edit; and as a participant saw it, who was told less."""
    thread, user, begin = sent.thread_id(), sent.user_id(), datetime.now(UTC) - timedelta(minutes=2)
    said = sent.message(thread, user, "Maya", "At eight?", begin)
    edit_at = begin + timedelta(seconds=20)
    edited = sent.sample(
        "2025/ChatMessageEditedInThread",
        edit_at,
        **{**said["data"], "messageBody": "At nine?", "version": str(int(edit_at.timestamp() * 1000))},
        editTime=sent.written(edit_at),
    )
    seen = sent.sample(
        "2026/ChatMessageReceived", begin, **said["data"], recipientCommunicationIdentifier=sent.identity(user)
    )
    await world.send(said, edited, seen)
    await site.goto(f"{server.origin}/?thread={thread}&user={user}")

    await site.locator("#list").get_by_text("At eight?").first.click()
    await site.get_by_role("link", name="The thread").click()

    await expect(site).to_have_title("Thread without a known topic · ACS events")
    chat = site.get_by_role("region", name="What was said")
    await expect(chat).to_contain_text("At nine?")
    await expect(chat.get_by_text("At eight?")).to_be_hidden()
    await chat.get_by_text("edited").click()
    await expect(chat.get_by_text("At eight?")).to_be_visible()

    await site.goto(f"{server.origin}/?user={user}&kind=message.received")
    await site.locator("#list li").filter(has_text=user[-16:]).first.click()
    await site.get_by_role("link", name="as its recipient saw it").click()
    await expect(site.get_by_text("As seen by")).to_be_visible()
    await expect(chat).to_contain_text("At eight?")
    await expect(chat).not_to_contain_text("At nine?")


async def test_what_the_model_does_not_have_is_told(site: Page, server: Server, world: World) -> None:
    """Drift: the list counts it, the event says where."""
    own = sent.number()
    await world.send(sent.sample("2025/SMSReceived", to=own, novelty={"of": "tomorrow"}))
    await site.goto(f"{server.origin}/?number={own[1:]}")

    await expect(site.get_by_text("drift 1")).to_be_visible()
    await site.locator("#list a").click()

    await expect(site.get_by_role("heading", name="Drift")).to_be_visible()
    await expect(site.locator(".drift")).to_contain_text("novelty")


async def test_json_is_folded_on_demand(site: Page, server: Server, world: World) -> None:
    """A long text begins folded; whatever is open can be closed."""
    own, long = sent.number(), "long " * 2_000 + "end"
    await world.send(sent.sms(own, sent.number(), long))
    await site.goto(f"{server.origin}/?number={own[1:]}")
    await site.locator("#list a").click()
    json = site.get_by_role("region", name="JSON text")

    await expect(json.get_by_text("10,005 characters")).to_be_visible()
    await expect(json.get_by_text("long end")).to_be_hidden()
    await json.get_by_text("10,005 characters").click()
    await expect(json.get_by_text("long end")).to_be_visible()
    await json.get_by_text('"data"').click()
    await expect(json.get_by_text('"messageId"')).to_be_hidden()


async def test_an_event_is_copied_as_commands(site: Page, server: Server, world: World) -> None:
    """One that shows it in a terminal, one that delivers it again; both survive a shell."""
    await site.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=server.origin)
    own, text = sent.number(), 'It\'s $HOME `at` "8"; !\\n'
    await world.send(sent.sms(own, sent.number(), text))
    await site.goto(f"{server.origin}/?number={own[1:]}")
    await site.locator("#list a").click()

    await site.get_by_role("button", name="Copy command").click()
    await expect(site.get_by_role("button", name="Copied")).to_be_visible()
    handle = site.url.rpartition("/")[2]
    assert await site.evaluate("navigator.clipboard.readText()") == f"acsevents event {handle}"

    await site.get_by_role("button", name="Copy as curl").click()
    async with asyncio.timeout(20):
        while not (copied := await site.evaluate("navigator.clipboard.readText()")).startswith("curl"):  # noqa: ASYNC110  a clipboard tells nobody
            await asyncio.sleep(0.05)
    words = shlex.split(copied)
    assert words[0] == "curl"
    assert any(word.endswith("/runtime/webhooks/EventGrid?functionName=sms_events") for word in words)
    assert '"message":"It\'s $HOME `at` \\"8\\"; !\\\\n"' in words[-1].replace('": ', '":')
