"""The list of events that new ones join, in a browser."""

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Page, expect

from tests.browser import sent
from tests.browser.complaints import Complaints
from tests.browser.server import Server
from tests.browser.world import World

pytestmark = pytest.mark.asyncio(loop_scope="session")


def _of(server: Server, **filters: str) -> str:
    return f"{server.origin}/?{urlencode(filters)}"


async def test_an_event_appears_in_an_open_list(site: Page, server: Server, world: World) -> None:
    """Time, kind, who and whom, and the text, without a reload."""
    own, peer = sent.number(), sent.number()
    await site.goto(_of(server, number=own))
    await expect(site.get_by_text("No such event.")).to_be_visible()
    await expect(site.locator("#connection")).to_have_text("live")

    await world.send(sent.sms(own, peer, "Is table 7 free tonight?"))

    line = site.locator("#list > li")
    await expect(line).to_have_count(1)
    await expect(line).to_contain_text("sms.received")
    await expect(line).to_contain_text(peer)
    await expect(line).to_contain_text(own)
    await expect(line).to_contain_text("Is table 7 free tonight?")
    await expect(site.get_by_text("No such event.")).to_be_hidden()


async def test_the_newest_event_is_on_top_however_late_it_comes(site: Page, server: Server, world: World) -> None:
    """An event that was delivered late is put where its time says."""
    own, now = sent.number(), datetime.now(UTC)
    await site.goto(_of(server, number=own))
    await world.send(sent.sms(own, sent.number(), "first", now - timedelta(seconds=30)))
    await world.send(sent.sms(own, sent.number(), "third", now))
    await expect(site.locator("#list > li")).to_have_count(2)

    await world.send(sent.sms(own, sent.number(), "second", now - timedelta(seconds=20)))

    await expect(site.locator("#list .what")).to_have_text(["third", "second", "first"])


async def test_times_are_local_and_utc_on_hover(site: Page, server: Server, world: World) -> None:
    """The reader's clock, and the one of the records."""
    own, at = sent.number(), datetime.now(UTC).replace(microsecond=123_000)
    await world.send(sent.sms(own, sent.number(), "when?", at))
    await site.goto(_of(server, number=own))

    time = site.locator("#list time")
    await expect(time).to_contain_text(at.astimezone(ZoneInfo("America/New_York")).strftime("%H:%M:%S"))
    await expect(time).to_have_attribute("title", at.strftime("%Y-%m-%d %H:%M:%S.123 UTC"))


async def test_filters_stand_in_the_address_and_hold_for_what_arrives(site: Page, server: Server, world: World) -> None:
    """Whoever gets the address sees the same list."""
    own, peer = sent.number(), sent.number()
    await world.send(sent.sms(own, peer, "one"), sent.report(own, peer, "Failed"), sent.report(own, peer, "Delivered"))
    await site.goto(server.origin)
    await site.get_by_label("Number").fill(own)
    await site.get_by_label("Status").fill("Failed")
    await site.get_by_role("button", name="Filter").click()

    assert site.url == _of(server, status="Failed", number=own)
    await expect(site.locator("#list .what")).to_have_text(["Failed"])
    await expect(site.locator("#connection")).to_have_text("live")
    await world.send(sent.report(own, peer, "Delivered"), sent.report(own, peer, "Failed"))
    await expect(site.locator("#list .what")).to_have_text(["Failed", "Failed"])

    await site.get_by_role("combobox", name="Kind").select_option("sms.received")
    await site.wait_for_url(re.compile("kind=sms.received"))
    await expect(site.locator("#list > li")).to_have_count(0)
    await site.get_by_role("link", name="Clear").click()
    assert site.url == f"{server.origin}/"


@pytest.mark.parametrize("name", ["family", "kind", "number", "user", "thread", "text", "status", "since", "until"])
async def test_every_filter_leaves_out_what_is_not_asked_for(
    name: str, site: Page, server: Server, world: World
) -> None:
    """Of a report and a chat message each filter finds the one and not the other, now and as they arrive."""
    own, thread, user = sent.number(), sent.thread_id(), sent.user_id()
    status, said = f"Status{own[1:]}", f"so {sent.number()}"
    now = datetime.now(UTC)
    about_chat = {
        "family": "chat_thread_events",
        "kind": "message.received",
        "user": user,
        "thread": thread,
        "text": said.upper(),
        "since": sent.written(now - timedelta(minutes=2)),
    }
    about_sms = {"number": own, "status": status, "until": sent.written(now - timedelta(minutes=2))}
    wanted = about_chat if name in about_chat else about_sms
    earlier = now - timedelta(minutes=3)
    await world.send(sent.report(own, sent.number(), status, earlier), sent.message(thread, user, "Maya", said, now))

    # Other tests of that time may have filled the list.
    narrowed = {"number": own} if name == "until" else {}
    await site.goto(_of(server, **{name: wanted[name]}, **narrowed))

    shown, hidden = (said, status) if wanted is about_chat else (status, said)
    await expect(site.locator("#list .what").get_by_text(shown, exact=True)).to_have_count(1)
    await expect(site.locator("#list .what").get_by_text(hidden, exact=True)).to_have_count(0)
    if name != "until":
        await expect(site.locator("#connection")).to_have_text("live")


async def test_a_filter_without_meaning_is_refused_with_its_cure(
    site: Page, server: Server, complaints: Complaints
) -> None:
    """A time that nobody can read is not silently none."""
    complaints.expect("status of 400")
    await site.goto(_of(server, since="the other day"))

    await expect(site.get_by_role("alert")).to_contain_text("the other day")
    await expect(site.get_by_label("Since")).to_have_value("the other day")


async def test_pause_holds_the_list_and_tells_what_waits(site: Page, server: Server, world: World) -> None:
    """Nothing moves under the reader's eyes, and nothing is lost."""
    own = sent.number()
    await site.goto(_of(server, number=own))
    await expect(site.locator("#connection")).to_have_text("live")
    await site.get_by_role("button", name="Pause").click()

    await world.send(*(sent.sms(own, sent.number(), text) for text in ("one", "two")))

    await expect(site.get_by_text("2 new, waiting")).to_be_visible()
    await expect(site.locator("#list > li")).to_have_count(0)
    await site.get_by_role("button", name="Go on").click()
    await expect(site.locator("#list > li")).to_have_count(2)
    await expect(site.get_by_text("waiting")).to_have_count(0)


async def test_the_chart_and_the_lag_count_what_arrives(site: Page, world: World) -> None:
    """Events of the last hour by kind, and how long storing took, as far as it can be told."""
    await expect(site.locator("#connection")).to_have_text("live")
    pulse = site.get_by_role("region", name="The last hour")
    await world.send(sent.sms(sent.number(), sent.number(), "counted"))
    await expect(pulse.get_by_role("listitem").filter(has_text="sms.received")).to_be_visible()

    await world.send(sent.sms(sent.number(), sent.number(), "timed, since the past hour is counted by now"))

    await expect(pulse).to_contain_text(re.compile(r"Stored after.*\d (s|min|h|d) median, 95 % in", re.DOTALL))
    await expect(pulse.get_by_role("img", name="Events per minute")).to_be_visible()


async def test_a_server_that_comes_back_is_noticed_by_the_open_page(
    site: Page, world: World, server: Server, complaints: Complaints
) -> None:
    """What was recorded while it was away is shown, once, and what comes then too."""
    complaints.expect("ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|Failed to fetch")
    own = sent.number()
    await world.send(sent.sms(own, sent.number(), "before"))
    await site.goto(_of(server, number=own))
    await expect(site.locator("#connection")).to_have_text("live")

    await server.kill()
    try:
        await expect(site.locator("#connection")).to_have_text("no connection: trying again")
        await world.send(sent.sms(own, sent.number(), "meanwhile"))
    finally:
        await server.start()
    await expect(site.locator("#list .what")).to_have_text(["meanwhile", "before"])
    await expect(site.locator("#connection")).to_have_text("live")
    await world.send(sent.sms(own, sent.number(), "after"))
    await expect(site.locator("#list .what")).to_have_text(["after", "meanwhile", "before"])


async def test_older_events_are_behind_a_link(site: Page, server: Server, world: World) -> None:
    """A list shows 100; the address of the rest can be shared, and says that it is not live."""
    own, now = sent.number(), datetime.now(UTC)
    await world.send(
        *(sent.sms(own, sent.number(), f"number {index}", now - timedelta(seconds=index)) for index in range(105))
    )
    await site.goto(_of(server, number=own))
    await expect(site.locator("#list > li")).to_have_count(100)

    await site.get_by_role("link", name="Older").click()

    await expect(site.locator("#list .what")).to_have_text([f"number {index}" for index in range(100, 105)])
    await expect(site.get_by_text("not live")).to_be_visible()
    await site.get_by_role("link", name="back to now").click()
    await expect(site.locator("#connection")).to_have_text("live")


async def test_a_burst_is_cut_and_counted(site: Page, server: Server, world: World) -> None:
    """A list that grew for hours would be no list; what it does not show any more is told."""
    own, now = sent.number(), datetime.now(UTC)
    await site.goto(_of(server, number=own))
    await expect(site.locator("#connection")).to_have_text("live")
    cap = int(await site.locator("#live").get_attribute("data-cap") or 0)
    assert cap > 0

    await world.send(
        *(sent.sms(own, sent.number(), f"number {i}", now + timedelta(milliseconds=i)) for i in range(cap + 7))
    )

    await expect(site.get_by_text(f"newest {cap} shown; 7 more since this page was opened")).to_be_visible()
    await expect(site.locator("#list > li")).to_have_count(cap)
    await expect(site.locator("#list > li").first).to_contain_text(f"number {cap + 6}")
