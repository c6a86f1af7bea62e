"""A scripted webhook in place of the Functions host, and short forms to declare, publish and read."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp
from aiohttp import web

from acsevents.local.event_grid import LOCAL_KEY, EventGrid
from acsevents.local.ports import listening
from acsevents.subscriptions import DeliveryPolicy, EventSubscription

FAST = 0.0001  # 10 s of the retry schedule become 1 ms


class Call(NamedTuple):
    """One delivery as the webhook received it."""

    function: str
    headers: dict[str, str]
    text: str

    @property
    def events(self) -> list[Any]:
        """The delivered events, parsed."""
        parsed = json.loads(self.text)
        return parsed if isinstance(parsed, list) else [parsed]

    @property
    def ids(self) -> list[str]:
        """The ids of the delivered events."""
        return [event["id"] for event in self.events]


async def _elsewhere(_request: web.Request) -> web.Response:
    return web.Response()


class Host:
    """What the test says the Functions host does.

    Attributes:
        answer: from the number of the delivery (from 0) and the delivery to its HTTP status.
        shake: answers a validation code.
        origin: answers the CloudEvents handshake.
        silent: deliveries are never answered.
        stop: from then on connections are refused.
    """

    stop: Callable[[], Awaitable[None]]

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[Call] = []
        self.answer: Callable[[int, Call], int] = lambda _number, _call: 202
        self.shake: Callable[[str], web.Response] = lambda code: web.Response(
            text=json.dumps({"validationResponse": code})
        )
        self.origin = "eventgrid.azure.net"
        self.silent = False

    @property
    def delivered(self) -> list[str]:
        """The ids of all delivered events, in order of arrival, repeated ones included."""
        return [event_id for call in self.calls for event_id in call.ids]

    async def receive(self, request: web.Request) -> web.Response:
        """Answer according to the script, and record the delivery."""
        if request.method == "OPTIONS":
            return web.Response(headers={"Webhook-Allowed-Origin": self.origin})
        text = await request.text()
        if request.headers["aeg-event-type"] == "SubscriptionValidation":
            return self.shake(json.loads(text)[0]["data"]["validationCode"])
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(request.query["functionName"], headers, text)
        self.calls.append(call)
        if self.silent:
            await asyncio.Event().wait()
        # Whoever follows a redirect finds a page that says 200.
        return web.Response(status=self.answer(len(self.calls) - 1, call), headers={"Location": "/elsewhere"})


@asynccontextmanager
async def serving() -> AsyncIterator[Host]:
    """Run a webhook until the block ends or it is stopped."""
    host = Host()
    app = web.Application(client_max_size=10_000_000)
    app.router.add_route("*", "/runtime/webhooks/EventGrid", host.receive)
    app.router.add_get("/elsewhere", _elsewhere)
    async with AsyncExitStack() as stack:
        host.url = await stack.enter_async_context(listening(app, 0, patience=0.1))
        host.stop = stack.aclose
        yield host


@asynccontextmanager
async def rehearsal(folder: Path, *subscriptions: EventSubscription, **options: Any) -> AsyncIterator[Any]:
    """Run a webhook and an Event Grid that delivers to it; yield both."""
    options = {"subscriptions": subscriptions or [subscription()], "time_scale": FAST, **options}
    async with serving() as host, EventGrid.start(webhook=host.url, dead_letter_folder=folder, **options) as grid:
        yield grid, host


def subscription(
    name: str = "all-events", *, batch: int = 1, dead_letters: bool = True, policy: dict[str, Any] | None = None
) -> EventSubscription:
    """Return an event subscription to all events for the function `record`."""
    container = "dead" if dead_letters else None
    delivery = DeliveryPolicy(max_events_per_batch=batch, dead_letter_container=container, **policy or {})
    return EventSubscription(name=name, function="record", policy=delivery)


def event(event_id: str = "1", **fields: Any) -> dict[str, Any]:
    """Return an event in Event Grid schema."""
    return {
        "id": event_id,
        "subject": "/phonenumber/15555555555",
        "eventType": "Microsoft.Communication.SMSReceived",
        "eventTime": "2024-01-02T03:04:05.1234567Z",
        "dataVersion": "1.0",
        "data": {"message": "hello"},
        **fields,
    }


def cloud_event(event_id: str = "1", **fields: Any) -> dict[str, Any]:
    """Return an event in CloudEvents schema."""
    return {
        "specversion": "1.0",
        "id": event_id,
        "source": "/acs",
        "type": "Microsoft.Communication.SMSReceived",
        "subject": "/phonenumber/15555555555",
        "data": {"message": "hello"},
        **fields,
    }


class Answer(NamedTuple):
    """The response of the topic."""

    status: int
    text: str


async def post(
    grid: EventGrid, body: bytes | list[Any] | dict[str, Any], content_type: str = "application/json"
) -> Answer:
    """Post to the topic without an SDK, and return its response."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"aeg-sas-key": LOCAL_KEY, "Content-Type": content_type}
    async with (
        aiohttp.ClientSession() as session,
        session.post(grid.endpoint, data=io.BytesIO(data), headers=headers) as response,
    ):
        return Answer(response.status, await response.text())


def dead_letter_files(folder: Path) -> list[Path]:
    """Return all files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def dead_letters(folder: Path) -> list[dict[str, Any]]:
    """Return all dead-lettered events below a folder, whose files must all be complete."""
    files = dead_letter_files(folder)
    assert {path.suffix for path in files} <= {".json"}
    return [letter for path in files for letter in json.loads(path.read_bytes())]
