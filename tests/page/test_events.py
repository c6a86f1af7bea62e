"""The list of events: filters in the address, one page behind the other, texts shown and never obeyed."""

import html
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import pytest
import pytest_asyncio

from acsevents.samples import events
from acsevents.text import escaped
from shared.catalogue import EVENT_TYPES
from shared.storage.account import Account
from tests import samples
from tests.page.visiting import Visitor, record, visitor

NUMBER = "+15555550100"
THREAD = "19:c4d8f1a2b3d94e5f8a7b6c5d4e3f2a1b@thread.v2"


@pytest_asyncio.fixture(name="page")
async def _page(account: Account) -> AsyncIterator[Visitor]:
    """The page of tables that hold every sample event."""
    await record(account, *events())
    async with visitor(account) as one:
        yield one


def handles(text: str) -> list[str]:
    """Name the events of a list, in its order."""
    return re.findall(r'data-handle="(\w+)"', text)


def kinds(text: str) -> list[str]:
    """Tell the kinds of the events of a list."""
    return [match[1] for line in text.split(" data-handle=")[1:] if (match := re.search(r'data-kind="([^"]+)"', line))]


def sms(number: int, **data: Any) -> dict[str, Any]:
    """Make an SMS of its own, all of one time."""
    event = samples.event("2025/SMSReceived")
    return {**event, "id": f"sms-{number}", "data": {**event["data"], "messageId": f"message-{number}", **data}}


async def test_the_list_has_every_event_newest_first(page: Visitor) -> None:
    """Of all families; handles sort as times do."""
    answer = await page.get("/")
    listed = handles(answer.text)

    assert len(listed) == len([*events()])
    assert listed == sorted(listed, reverse=True)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=sms.received", {"sms.received"}),
        ("family=sms_events", {"sms.received", "sms.delivery-report"}),
        ("number=%2B1+555-555-0100", {"sms.received", "sms.delivery-report"}),
        ("status=Delivered", {"sms.delivery-report"}),
        ("family=sms_events&status=Delivered&text=DELIV", {"sms.delivery-report"}),
        ("text=table+7+free+tonight", {"sms.received"}),
        ("family=chat_user_events&kind=typing.received", set()),
        ("family=chat_thread_events&kind=typing.received", {"typing.received"}),
        ("since=2025-01-29&until=2025-01-30", {"sms.received", "sms.delivery-report"}),
        ("since=2025-01-29&until=2025-01-29", set()),
        ("kind=&text=+&number=", None),
    ],
)
async def test_filters_are_those_of_the_address(page: Visitor, query: str, expected: set[str] | None) -> None:
    """Each alone and together, and shown in the form; blank ones mean nothing."""
    answer = await page.get(f"/?{query}")

    assert answer.status == 200
    assert (set(kinds(answer.text)) if expected is not None else None) == expected
    assert expected is not None or len(handles(answer.text)) == len([*events()])


@pytest.mark.parametrize("family", ["sms_events", "chat_user_events", "chat_thread_events"])
async def test_a_family_is_the_events_of_one_function(page: Visitor, family: str) -> None:
    """As the catalogue has it."""
    answer = await page.get(f"/?family={family}")
    own = [event for event in events() if EVENT_TYPES[event["eventType"]].family.function == family]

    assert len(handles(answer.text)) == len(own)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("since=yesterday", "is not a time"),
        ("until=2026-13-01", "is not a time"),
        ("kind=sms.sent", "is not a kind"),
        ("family=mail", "is not a family"),
        ("before=x", "a handle has 26 letters"),
        ("since=%3Cscript%3E", "&#39;&lt;script&gt;&#39; is not a time"),
    ],
)
async def test_a_filter_without_meaning_is_named(page: Visitor, query: str, told: str) -> None:
    """And nothing is listed, which might be taken for an answer."""
    answer = await page.get(f"/?{query}")

    assert (answer.status, handles(answer.text)) == (400, [])
    assert told in answer.text
    assert "data-stream" not in answer.text


async def test_older_events_are_behind_the_list_each_once(account: Account) -> None:
    """Even those of one instant, of which a page ends in the middle."""
    await record(account, *(sms(number) for number in range(250)))
    listed: list[str] = []
    async with visitor(account) as page:
        path = "/?family=sms_events"
        while path:
            answer = await page.get(path)
            listed += handles(answer.text)
            older = re.search(r'id="older" href="([^"]+)" rel="next">', answer.text)
            path = f"/{html.unescape(older[1])}" if older else ""

    assert len(listed) == len(set(listed)) == 250


async def test_a_list_that_ends_in_the_past_is_not_live(page: Visitor) -> None:
    """It says so, and leads back."""
    listed = handles((await page.get("/")).text)
    answer = await page.get(f"/?kind=sms.received&before={listed[3]}")

    assert "data-stream" not in answer.text
    assert "not live" in answer.text
    assert 'href="?kind=sms.received"' in answer.text


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }}{% raw %}",
    "javascript:alert(1)",
    "</textarea></title></script>",
    "\u202egnp.exe",
    "a\x00b\x1b[31m",
    "half an emoji \ud83c",
)
TAGS = {"script", "link", "meta", "img", "iframe", "object", "embed", "base", "form", "style"}


class Parsed(HTMLParser):
    """What a browser makes of a page, as far as it matters here."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.said = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and its attributes."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.said += data

    @property
    def skeleton(self) -> set[str]:
        """The tags that a stranger must not add, and the names of all attributes."""
        return {tag for tag in self.tags if tag in TAGS} | {name for name, _ in self.attributes}

    @property
    def targets(self) -> list[str]:
        """Where links and forms lead."""
        return [value for name, value in self.attributes if name in {"href", "src", "action", "formaction"}]


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_strangers_text_is_shown_and_never_obeyed(account: Account, text: str) -> None:
    """In the list, in the event and in its stories: no markup, no template, no link target, nothing unseen."""
    await record(account, sms(1, message=text, **{"from": text, "messageId": text}))
    async with visitor(account) as page:
        listed = await page.get("/")
        (handle,) = handles(listed.text)
        event = await page.get(f"/events/{handle}")
        stories = [html.unescape(path) for path in re.findall(r'href="(/sms\?[^"]*)"', event.text)]
        answers = [listed, event, *[await page.get(path) for path in stories]]

    assert len(stories) == 2
    for answer in answers:
        parsed = Parsed(answer.text)
        visible = escaped(text.replace("\ud83c", "\ufffd"))  # as columns have it
        assert answer.status == 200
        assert visible in parsed.said
        assert parsed.skeleton & {"img", "iframe", "base", "style", "onerror"} == set()
        assert parsed.tags.count("script") == 1
        assert [] == [target for target in parsed.targets if not target.startswith(("/", "?", "#"))]
        assert set("\u202e\x00\x1b") & set(answer.text) == set()


async def test_half_an_emoji_is_told_by_its_escape(account: Account) -> None:
    """Its text is shown as it came, and a page of UTF-8 cannot hold it."""
    await record(account, sms(1, message="half an emoji \ud83c"))
    async with visitor(account) as page:
        (handle,) = handles((await page.get("/")).text)
        event = await page.get(f"/events/{handle}")

    assert "half an emoji \\ud83c" in Parsed(event.text).said
