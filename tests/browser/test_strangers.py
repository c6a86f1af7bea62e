"""Other sites, other local servers and other users: what their pages try on this one, in a browser.

Another port of 127.0.0.1 is another origin but the same site, which SameSite cookies do not tell apart; `localhost` is
another site. Both are tried.
"""

import asyncio

import pytest
import pytest_asyncio
from playwright.async_api import BrowserContext, Page, expect

from tests.browser import sent
from tests.browser.elsewhere import served
from tests.browser.server import Server
from tests.browser.world import SECONDS, World

pytestmark = pytest.mark.asyncio(loop_scope="session")

OTHERS = pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
SECRET = "for nobody else's eyes"
REFUSAL = "Open the address that the terminal shows.\n"


@pytest_asyncio.fixture(name="reader", loop_scope="session")
async def _reader(context: BrowserContext, server: Server, world: World) -> BrowserContext:
    """Somebody who has the page's cookie, and an event to see with it."""
    await world.send(sent.sms(sent.number(), sent.number(), SECRET))
    page = await context.new_page()
    await page.goto(server.address)
    await expect(page.get_by_text(SECRET).first).to_be_visible()
    await page.close()
    return context


@OTHERS
async def test_a_page_from_elsewhere_is_told_nothing(reader: BrowserContext, server: Server, host: str) -> None:
    """However it asks, and though the reader's browser has the cookie: 403 for everything."""
    script = f"""
        const at = (path, way) => `{server.origin}${{path}}?way=${{way}}`;
        const load = (name, attribute, path) => new Promise(tried => {{
            const element = Object.assign(document.createElement(name), {{[attribute]: at(path, name)}});
            element.rel = "stylesheet";
            element.onload = element.onerror = tried;
            document.body.append(element);
        }});
        const ask = (path, way, options) => fetch(at(path, way), {{credentials: "include", ...options}});
        Promise.allSettled([
            new Promise(tried => Object.assign(
                new EventSource(at("/stream", "stream"), {{withCredentials: true}}), {{onerror: tried}})),
            ask("/", "read"),
            ask("/", "load", {{mode: "no-cors"}}),
            ask("/send", "post", {{method: "POST", mode: "no-cors"}}),
            load("img", "src", "/"),
            load("script", "src", "/static/page.js"),
            load("link", "href", "/static/page.css"),
            load("iframe", "src", "/"),
            load("object", "data", "/"),
        ]).then(() => document.body.append("tried all"));"""
    page = await reader.new_page()

    with served(f"<body><script>{script}</script>") as origin:
        answers = await _answers(page, origin.replace("127.0.0.1", host), server)

    ways = ("stream", "read", "load", "post", "img", "script", "link", "iframe", "object")
    assert answers == dict.fromkeys(ways, 403)


async def _answers(page: Page, address: str, server: Server) -> dict[str, int]:
    """Open another site's page; return the status of each way to ask, also where the browser keeps it from the page."""
    asked: dict[str, str] = {}
    statuses: dict[str, int] = {}
    browser = await page.context.new_cdp_session(page)
    browser.on("Network.requestWillBeSent", lambda one: asked.update({one["requestId"]: one["request"]["url"]}))
    browser.on("Network.responseReceivedExtraInfo", lambda one: statuses.update({one["requestId"]: one["statusCode"]}))
    await browser.send("Network.enable")
    await page.goto(address)
    await expect(page.get_by_text("tried all")).to_be_visible()
    ours = {one: url.partition("?way=")[2] for one, url in asked.items() if url.startswith(server.origin)}
    async with asyncio.timeout(SECONDS):
        while ours.keys() - statuses.keys():  # noqa: ASYNC110  # told beside what the page is told
            await asyncio.sleep(0.01)
    return {way: statuses[one] for one, way in ours.items()}


@OTHERS
@pytest.mark.parametrize("path", ["/send", "/dead-letters/replay"])
async def test_a_form_from_elsewhere_does_nothing(reader: BrowserContext, server: Server, host: str, path: str) -> None:
    """Cross-site request forgery: the browser sends the form, the page refuses it."""
    form = f"<form method=post action='{server.origin}{path}'><input name=reason value=x><button>Go</button></form>"
    page = await reader.new_page()

    with served(form) as origin:
        await page.goto(origin.replace("127.0.0.1", host))
        async with page.expect_navigation() as answered:
            await page.get_by_role("button").click()
        answer = await answered.value

    assert answer is not None
    assert (answer.status, await answer.text()) == (403, REFUSAL)


@OTHERS
async def test_a_shared_link_opens_wherever_it_is_clicked(reader: BrowserContext, server: Server, host: str) -> None:
    """From a mail or a chat in the browser, in the same window or in a new one, that cannot look back into it."""
    links = f"""
        <a href="{server.origin}/?kind=sms.received">here</a>
        <a href="{server.origin}/" target="_blank" rel="opener">new</a>"""
    page = await reader.new_page()

    with served(links) as origin:
        await page.goto(origin.replace("127.0.0.1", host))
        async with reader.expect_page() as opened:
            await page.get_by_text("new").click()
        window = await opened.value
        await expect(window.get_by_text(SECRET).first).to_be_visible()
        assert await window.evaluate("window.opener") is None
        await page.get_by_text("here").click()
        await expect(page.get_by_text(SECRET).first).to_be_visible()


@pytest.mark.parametrize("cookie", [None, "", "a" * 64])
async def test_who_has_not_the_key_sees_nothing(context: BrowserContext, server: Server, cookie: str | None) -> None:
    """No cookie, or one that was guessed: the same refusal for pages, the stream and files."""
    if cookie is not None:
        port = server.origin.rpartition(":")[2]
        await context.add_cookies([{"name": f"acsevents-{port}", "value": cookie, "url": server.origin}])
    page = await context.new_page()

    for path in ("/", "/stream", "/dead-letters", "/static/page.js", "/?key=", "/?key=guessed", "/nowhere"):
        answer = await page.goto(f"{server.origin}{path}")
        assert answer is not None
        assert (answer.status, await answer.text()) == (403, REFUSAL), path


async def test_another_name_for_this_machine_is_refused(reader: BrowserContext, server: Server) -> None:
    """DNS rebinding: a stranger's name that points here, even with the key in the address."""
    page = await reader.new_page()
    rebound = server.address.replace("127.0.0.1", "rebound.localhost")  # browsers resolve it to the loopback address

    answer = await page.goto(rebound)

    assert answer is not None
    assert (answer.status, await answer.text()) == (403, REFUSAL)


async def test_the_key_is_neither_left_in_the_address_nor_readable_by_scripts(
    context: BrowserContext, server: Server
) -> None:
    """Addresses are shared, and shown on screens; a script that got in could pass a cookie on."""
    page = await context.new_page()

    await page.goto(server.address)

    key = server.address.partition("key=")[2]
    (cookie,) = await context.cookies()
    assert page.url == f"{server.origin}/"
    assert key not in await page.content()
    assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
    assert key not in cookie["value"]
    assert await page.evaluate("document.cookie") == ""
