"""Nobody gets in who was not shown the address: other sites, other servers and other users of this machine."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from acsevents.failures import Unusable
from acsevents.page.key import key_of
from acsevents.page.templating import STATIC
from shared.storage.account import Account
from tests.page.visiting import KEY, NAVIGATION, Answer, Visitor, stranger, visitor

PATHS = ("/", "/stream", "/events/13fmrrfyg9d20pv2cvh56t0kds", "/static/page.css", "/send", "/nothing-here")
REFUSAL = "Open the address that the terminal shows.\n"


@pytest_asyncio.fixture(name="stranger")
async def _stranger(account: Account) -> AsyncIterator[Visitor]:
    async with stranger(account) as one:
        yield one


@pytest_asyncio.fixture(name="visitor")
async def _visitor(account: Account) -> AsyncIterator[Visitor]:
    async with visitor(account) as one:
        yield one


def _is_refusal(answer: Answer) -> bool:
    """Tell whether nothing is told, not even what answers here or why it refuses."""
    told = {name.lower() for name in answer.headers} & {"server", "location", "set-cookie", "etag", "allow"}
    return (answer.status, answer.text, told) == (403, REFUSAL, set())


@pytest.mark.parametrize("path", PATHS)
async def test_without_the_key_nothing_is_told(stranger: Visitor, path: str) -> None:
    """Whether something is there or not."""
    assert _is_refusal(await stranger.get(path, **NAVIGATION))


@pytest.mark.parametrize("key", ["", "guessed", KEY[:-1], KEY + "x", KEY.upper(), "\N{SNOWMAN}", "%ff%00"])
async def test_a_wrong_key_opens_nothing(stranger: Visitor, key: str) -> None:
    """Near or far."""
    assert _is_refusal(await stranger.get(f"/?key={key}", **NAVIGATION))


async def test_a_guessed_cookie_opens_nothing(stranger: Visitor, account: Account) -> None:
    """Nor does the key itself, or the cookie of the same page on another port, which browsers send here too."""
    port = stranger.url.rpartition(":")[2]
    async with visitor(account) as other:
        (theirs,) = [cookie.value for cookie in other.session.cookie_jar]

    for value in ("", "guessed", KEY, theirs, '"', "a=b", "%00"):
        assert _is_refusal(await stranger.get(Cookie=f"acsevents-{port}={value}")), value


async def test_the_address_becomes_a_cookie_and_the_same_address_without_the_key(stranger: Visitor) -> None:
    """So the key is in no history, no bookmark and no shared link; the cookie is for no script and no other site."""
    entered = await stranger.get(f"/threads?id=19:a%40thread.v2&key={KEY}&seen-by=8:acs:b%2Bc", **NAVIGATION)
    (cookie,) = stranger.session.cookie_jar

    assert entered.status == 303
    assert entered.headers["Location"] == f"{stranger.url}/threads?id=19:a@thread.v2&seen-by=8:acs:b%2Bc"
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "127.0.0.1")
    assert KEY not in cookie.value
    assert (await stranger.get("/", **NAVIGATION)).status == 200


@pytest.mark.parametrize("path", ["//example.com", "//example.com/%2F..", "/\\example.com", "/%0d%0aX-Header:%20x"])
async def test_the_way_without_the_key_leads_nowhere_else(stranger: Visitor, path: str) -> None:
    """Whatever the path is."""
    entered = await stranger.get(f"{stranger.url}{path}?key={KEY}", **NAVIGATION)

    assert entered.headers["Location"].startswith(f"{stranger.url}/")
    assert "X-Header" not in entered.headers


@pytest.mark.parametrize(
    "host",
    ["example.com", "example.com:{port}", "127.0.0.1", "127.0.0.1:1", "localhost", "127.0.0.1.example.com:{port}", ""],
)
async def test_another_name_is_refused(visitor: Visitor, host: str) -> None:
    """A stranger's name can be made to point to this machine, and its pages then belong to the stranger's origin."""
    port = visitor.url.rpartition(":")[2]

    assert _is_refusal(await visitor.get(Host=host.format(port=port), **NAVIGATION))
    assert _is_refusal(await visitor.get(f"/?key={KEY}", Host=host.format(port=port), **NAVIGATION))


async def test_this_machine_has_two_names(stranger: Visitor) -> None:
    """Each has its own cookie."""
    port = stranger.url.rpartition(":")[2]
    entered = await stranger.get(f"/?key={KEY}", Host=f"localhost:{port}", **NAVIGATION)

    assert entered.headers["Location"] == f"http://localhost:{port}/"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Origin": ""},
    ],
)
async def test_a_form_of_another_site_changes_nothing(visitor: Visitor, headers: dict[str, str]) -> None:
    """Nor that of another server on this machine, to whom browsers would give the cookie."""
    port = visitor.url.rpartition(":")[2]
    told = {name: value.format(port=port) for name, value in headers.items()}

    assert _is_refusal(await visitor.post("/dead-letters/replay", {"all": "1"}, **told))


async def test_a_form_without_an_origin_changes_nothing(visitor: Visitor) -> None:
    """Browsers always tell it."""
    async with visitor.session.post(f"{visitor.url}/dead-letters/replay", data={"all": "1"}) as answer:
        assert (answer.status, await answer.text()) == (403, REFUSAL)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "object"},
        {"Origin": "https://example.com"},
    ],
)
@pytest.mark.parametrize("path", ["/", "/stream", "/static/page.js"])
async def test_what_another_site_embeds_or_fetches_is_refused(
    visitor: Visitor, path: str, headers: dict[str, str]
) -> None:
    """Images, scripts, frames and streams, even though the cookie comes along."""
    assert _is_refusal(await visitor.get(path, **headers))


async def test_a_shared_link_opens_from_mail_or_chat(visitor: Visitor) -> None:
    """Somebody follows it: that is a navigation of the whole tab, from another site."""
    followed = {**NAVIGATION, "Sec-Fetch-Site": "cross-site"}

    assert (await visitor.get("/?kind=sms.received&since=7d", **followed)).status == 200


@pytest.mark.parametrize("path", [*PATHS, "/?since=never", f"/?key={KEY}"])
async def test_every_answer_is_protected(visitor: Visitor, path: str) -> None:
    """Only the page's own scripts and styles run, nothing is framed, kept, sniffed or sent elsewhere."""
    async with visitor.session.get(visitor.url + path, headers=NAVIGATION, allow_redirects=False) as answer:
        headers = dict(answer.headers)
    policy = dict(part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";"))

    assert "unsafe" not in headers["Content-Security-Policy"]
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'self'")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Cache-Control"] == "no-store"
    assert "Access-Control-Allow-Origin" not in headers


def test_no_template_has_a_script_or_a_style_inside() -> None:
    """The policy would refuse it, and somebody would loosen the policy."""
    inside = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|https?://", re.IGNORECASE)
    templates = (STATIC.parent / "templates").glob("*.html")

    assert [] == [
        f"{path.name}: {found[0]}" for path in templates for found in inside.finditer(path.read_text("utf-8"))
    ]


def test_what_is_served_comes_from_here() -> None:
    """No style and no script names another host."""
    files = [path for path in STATIC.iterdir() if path.suffix in {".js", ".css"}]

    assert files
    assert [] == [path.name for path in files if re.search(r"(?:https?:)?//[\w-]+\.\w", path.read_text("utf-8"))]


async def test_the_key_outlives_a_restart(tmp_path: Path) -> None:
    """An open page goes on, and a bookmark opens."""
    key = key_of(tmp_path / "folder")

    assert key_of(tmp_path / "folder") == key
    assert key_of(tmp_path / "another") != key
    assert re.fullmatch(r"[\w-]{43}", key)


@pytest.mark.parametrize("spoilt", ["", "short", "x" * 44, "\n" * 43, "no ASCII: \xe9"])
def test_a_key_that_is_none_is_made_anew(tmp_path: Path, spoilt: str) -> None:
    """Half-written, emptied or edited."""
    key_of(tmp_path)
    (tmp_path / "page-key").write_text(spoilt, encoding="latin-1")

    assert re.fullmatch(r"[\w-]{43}", key_of(tmp_path))


def test_a_key_that_others_can_read_is_made_anew(tmp_path: Path) -> None:
    """And the new one is for its owner only."""
    key = key_of(tmp_path)
    (tmp_path / "page-key").chmod(0o644)

    assert key_of(tmp_path) != key
    assert (tmp_path / "page-key").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_cannot_keep_a_key_is_named(tmp_path: Path) -> None:
    """With the cure."""
    (tmp_path / "file").touch()

    with pytest.raises(Unusable, match="run the page in another folder"):
        key_of(tmp_path / "file")
