"""The host stand-in with the vector app, and a client that delivers to it."""

import importlib
import io
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

from acsevents.local import host
from acsevents.local.ports import listening

ROOT = Path(__file__).parent / "vector_app"


class Answer(NamedTuple):
    """The response of the host."""

    status: int
    text: str
    headers: Any


class VectorHost(NamedTuple):
    """The URL of a running host, a client, and the input of its functions so far."""

    url: str
    session: aiohttp.ClientSession
    received: list[tuple[str, Any]]

    async def request(self, method: str, path: str, body: str | bytes = "", **headers: str) -> Answer:
        """Send one request; header names are written with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        # As a file: aiohttp warns of large bodies that are not.
        content = io.BytesIO(body.encode() if isinstance(body, str) else body)
        async with self.session.request(method, path, data=content, headers=named) as response:
            return Answer(response.status, await response.text(), response.headers)

    def webhook(self, function: str) -> str:
        """The URL of a function's webhook."""
        return host.webhook(self.url, function)

    async def deliver(self, function: str, body: object) -> Answer:
        """Send a notification as Event Grid does; what is not text yet is written as JSON."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        url = self.webhook(function)
        return await self.request("POST", url, content, aeg_event_type="Notification")


@asynccontextmanager
async def vector_host() -> AsyncIterator[VectorHost]:
    """Start the host on a free port, with no input recorded."""
    with own_function_app():
        app = host.application(ROOT)
        received = importlib.import_module("function_app").RECEIVED
        async with listening(app, 0, patience=30) as running, aiohttp.ClientSession(running) as session:
            yield VectorHost(running, session, received)


@contextmanager
def own_function_app() -> Iterator[None]:
    """Remove the module `function_app` afterwards, since other tests import the real one."""
    before = sys.modules.get("function_app")
    path = list(sys.path)
    try:
        yield
    finally:
        sys.path[:] = path
        sys.modules.pop("function_app", None)
        if before is not None:
            sys.modules["function_app"] = before
