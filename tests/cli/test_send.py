"""`acsevents send`: to a topic that listens, as a user does."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
from aiohttp import web

from acsevents.local.event_grid import topic
from acsevents.local.event_grid.events import Event
from acsevents.local.ports import listening
from tests import samples
from tests.cli.running import Ran, in_a_pipe

EVENT = samples.event("2025/SMSReceived")


class Topic:
    """A topic that keeps what it takes.

    Attributes:
        url: where to send to.
        requests: the events of each request.
    """

    def __init__(self) -> None:
        self.url = ""
        self.requests: list[Sequence[Event]] = []

    async def sent(self, *arguments: str, **environment: str) -> Ran:
        """Run the command while the topic listens."""
        return await asyncio.to_thread(in_a_pipe, "send", *arguments, EVENT_GRID_ENDPOINT=self.url, **environment)


@pytest.fixture(name="grid")
async def _grid() -> AsyncIterator[Topic]:
    grid = Topic()
    async with listening(topic.application(grid.requests.append), 0, patience=1) as url:
        grid.url = f"{url}{topic.PATH}"
        yield grid


async def test_samples_are_sent_as_asked(grid: Topic) -> None:
    """The number of events and requests is printed."""
    ran = await grid.sent("SMSReceived", "2020/ChatMessageReceived", "--set", "data.to=+15550001111", "--count", "3")
    (request,) = grid.requests

    assert (ran.code, json.loads(ran.out)) == (0, {"sent": 6, "requests": 1, "unwanted": {}})
    assert [event.type.rpartition(".")[2] for event in request] == ["SMSReceived"] * 3 + ["ChatMessageReceived"] * 3
    assert json.loads(request[0].text)["data"]["to"] == "+15550001111"
    assert len({event.id for event in request}) == 6


async def test_a_large_file_goes_in_several_requests(grid: Topic, tmp_path: Path) -> None:
    """Each within the limits of a topic."""
    file = tmp_path / "many.json"
    file.write_text(json.dumps([{**EVENT, "id": str(number)} for number in range(3_000)]))
    ran = await grid.sent(str(file))

    assert json.loads(ran.out) == {"sent": 3_000, "requests": len(grid.requests), "unwanted": {}}
    assert len(grid.requests) > 1
    assert [event.id for request in grid.requests for event in request] == [str(number) for number in range(3_000)]


async def test_nothing_is_sent_if_anything_is_wrong(grid: Topic, tmp_path: Path) -> None:
    """The error names the last of many events, and the first was not sent."""
    file = tmp_path / "many.jsonl"
    file.write_text("\n".join([*[json.dumps(EVENT)] * 3_000, '{"id": 1}']))
    ran = await grid.sent(str(file))

    assert (ran.code, ran.out, grid.requests) == (2, "", [])
    assert ran.err == (
        f"acsevents: {file}, event 3001: has no string 'id', which the EventGridSchema requires; add it.\n"
    )


async def test_what_no_subscription_takes_is_told(grid: Topic) -> None:
    """By type, since Event Grid drops such events silently. A new type of the vendor is accepted."""
    unknown = await grid.sent("SMSReceived", "--set", "eventType=Contoso.Unknown", "--count", "2")
    new = await grid.sent("SMSReceived", "--set", "eventType=Microsoft.Communication.SMSNew")

    assert json.loads(unknown.out)["unwanted"] == {"Contoso.Unknown": 2}
    assert unknown.err == "acsevents: no subscription takes Contoso.Unknown: Event Grid drops 2 of them\n"
    assert (json.loads(new.out)["unwanted"], new.err) == ({}, "")


async def test_cloud_events_are_sent_as_such(grid: Topic) -> None:
    """With the content type of CloudEvents."""
    ran = await grid.sent("ChatThreadCreated", "--schema", "cloudevents")

    assert ran.code == 0
    assert [event.schema for event in grid.requests[0]] == ["CloudEventSchemaV1_0"]


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["SMSReceived", "--key", "wrong"], 3, "the topic refuses the key: correct --key or EVENT_GRID_KEY"),
        (
            ["SMSReceived", "--endpoint", "http://127.0.0.1:1/api/events"],
            3,
            "no topic at http://127.0.0.1:1/api/events (ClientConnectorError): start one with `acsevents up`, or",
        ),
        (
            ["SMSReceived", "--endpoint", "nonsense"],
            2,
            "nonsense is not a URL: correct --endpoint or EVENT_GRID_ENDPOINT",
        ),
        (["SMSReceived", "--set", "to"], 2, "'to' is not PATH=VALUE"),
        (["Sms"], 2, "Sms is neither a file nor a sample"),
        (["/dev/null"], 2, "/dev/null: no events found"),
        (["SMSReceived", "--count", "0"], 2, "0 is not in the range x>=1"),
    ],
)
async def test_what_goes_wrong_is_told_with_its_cure(
    arguments: list[str], code: int, problem: str, grid: Topic
) -> None:
    """In one line, with its exit code."""
    ran = await grid.sent(*arguments)

    assert (ran.code, ran.out, grid.requests) == (code, "", [])
    assert problem in " ".join(ran.err.split())
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(
    ("status", "code", "problem"),
    [
        (413, 1, "the topic answered 413"),
        (404, 1, "its URL ends with /api/events"),
        (302, 1, "the topic answered 302"),
        (503, 3, "the topic is failing (503): try again in a minute"),
    ],
)
async def test_what_was_sent_before_a_refusal_is_told(status: int, code: int, problem: str, tmp_path: Path) -> None:
    """So that the user knows what to send again."""
    requests = 0

    async def answer(request: web.Request) -> web.Response:
        nonlocal requests
        requests += 1
        body = await request.json()
        assert body
        return web.json_response({"error": {"message": "No."}}, status=200 if requests == 1 else status)

    app = web.Application(client_max_size=2**21)
    app.router.add_post("/api/events", answer)
    file = tmp_path / "many.json"
    file.write_text(json.dumps([{**EVENT, "id": str(number)} for number in range(3_000)]))
    async with listening(app, 0, patience=1) as url:
        ran = await asyncio.to_thread(in_a_pipe, "send", str(file), "--endpoint", f"{url}/api/events")

    assert ran.code == code
    assert f"{problem} (No.); " in ran.err
    assert 0 < int(ran.err.split("; ")[1].split(" of ")[0]) < 3_000
    assert ran.err.endswith(" of 3000 events were sent\n")
