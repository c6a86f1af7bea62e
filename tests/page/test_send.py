"""Sending: a sample is chosen, edited and sent to the local Event Grid; what it would refuse is told, and kept."""

import html
import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from acsevents.local.event_grid import LOCAL_KEY
from acsevents.local.ports import listening
from acsevents.page.site import Local
from shared.storage.account import Account
from tests import samples
from tests.page.visiting import Visitor, visitor


class Topic:
    """A topic that takes everything.

    Attributes:
        taken: the events, in their order.
        keys: with which they came.
    """

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        self.keys: list[str] = []

    async def take(self, request: web.Request) -> web.Response:
        """Take the events of a request."""
        self.taken += await request.json()
        self.keys.append(request.headers["aeg-sas-key"])
        return web.Response()


@pytest_asyncio.fixture(name="topic")
async def _topic() -> Topic:
    return Topic()


@pytest_asyncio.fixture(name="page")
async def _page(account: Account, topic: Topic) -> AsyncIterator[Visitor]:
    app = web.Application()
    app.router.add_post("/api/events", topic.take)
    async with listening(app, 0, patience=1.0) as url, visitor(account, local=Local(f"{url}/api/events", "")) as one:
        yield one


def written(text: str) -> str:
    """Return what stands in the field."""
    found = re.search(r"<textarea[^>]*>(.*?)</textarea>", text, re.DOTALL)
    assert found is not None
    return html.unescape(found[1])


@pytest.mark.parametrize("schema", ["", "cloudevents"])
async def test_every_sample_can_be_sent_in_both_schemas(page: Visitor, topic: Topic, schema: str) -> None:
    """As it stands, but for a new id and the time of now."""
    changing = {"id", "time" if schema else "eventTime"}
    for name in samples.NAMES:
        text = written((await page.get(f"/send?sample={name}&schema={schema}")).text)
        answer = await page.post("/send", {"text": text, "fresh": "on"})
        sent, shown = topic.taken[-1], json.loads(text)

        assert "<b>1 sent.</b>" in answer.text
        assert ("specversion" in sent) == bool(schema)
        assert {field for field in shown if sent[field] != shown[field]} == changing
        assert sent.keys() == shown.keys()
    assert {*topic.keys} == {LOCAL_KEY}


async def test_an_edited_event_is_sent_to_the_letter(page: Visitor, topic: Topic) -> None:
    """And stays in the field, to be sent again."""
    text = json.dumps(
        {**samples.event("2025/SMSReceived"), "data": {"to": "+15555550100", "message": "\u202e</textarea>"}}
    )
    answer = await page.post("/send", {"text": text})

    assert topic.taken == [json.loads(text)]
    assert written(answer.text) == text
    assert 'data-stream="/stream?after=' in answer.text


async def test_several_events_are_sent_at_once(page: Visitor, topic: Topic) -> None:
    """An array, or one behind the other."""
    event = samples.event("2025/SMSReceived")
    await page.post("/send", {"text": json.dumps([event, event])})
    await page.post("/send", {"text": f"{json.dumps(event)}\r\n{json.dumps(event)}"})

    assert topic.taken == [event] * 4


@pytest.mark.parametrize(
    "text", ["", "no JSON", "{}", "[]", "7", '[{"id":1}]', '{"id":"1","eventType":"x"', "[" * 3000]
)
async def test_what_the_topic_would_refuse_is_told_and_kept(page: Visitor, topic: Topic, text: str) -> None:
    """Nothing is sent, and nothing that was written is lost."""
    answer = await page.post("/send", {"text": text, "fresh": "on"})

    assert answer.status == 400
    assert 'role="alert"' in answer.text
    assert written(answer.text) == text
    assert topic.taken == []


async def test_a_type_that_nobody_takes_is_named(page: Visitor) -> None:
    """It was sent, and never arrives."""
    event = {**samples.event("2025/SMSReceived"), "eventType": "Contoso.<b>"}
    answer = await page.post("/send", {"text": json.dumps(event)})

    assert "No subscription takes Contoso.&lt;b&gt;" in answer.text


async def test_a_topic_that_is_gone_is_told(account: Account) -> None:
    """With what can be done."""
    async with visitor(account, local=Local("http://127.0.0.1:1/api/events", "")) as page:
        answer = await page.post("/send", {"text": json.dumps(samples.event("2025/SMSReceived"))})

    assert answer.status in {400, 502}
    assert "no topic at http://127.0.0.1:1/api/events" in answer.text
    assert "acsevents up" in answer.text


async def test_without_a_local_event_grid_there_is_nothing_to_send_to(account: Account) -> None:
    """The page says what runs one; no real topic is ever sent to."""
    async with visitor(account) as page:
        shown = await page.get("/send")
        sent = await page.post("/send", {"text": json.dumps(samples.event("2025/SMSReceived"))})

    assert "acsevents up" in shown.text
    assert "<textarea" not in shown.text
    assert sent.status == 404


@pytest.mark.parametrize("sample", ["../../README", "2025/rows/SMSReceived", "", "x"])
async def test_no_other_file_is_shown(page: Visitor, sample: str) -> None:
    """What is no sample is the first one."""
    shown = await page.get(f"/send?sample={sample}")

    assert json.loads(written(shown.text))["eventType"] == "Microsoft.Communication.SMSReceived"
