"""Visits the page as a browser does, over HTTP alone."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp

from acsevents.page.server import serving
from acsevents.page.site import Local
from shared.sink import Sink
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Tables

KEY = "a-key-of-43-characters-that-only-this-test-has"
NAVIGATION = {"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}


class Answer(NamedTuple):
    """What came back."""

    status: int
    text: str
    headers: dict[str, str]


class Visitor:
    """Somebody with a browser.

    Attributes:
        url: of the page, without path and key.
        session: its cookies are those that the page has set.
    """

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self.url = address.partition("/?")[0]
        self.session = session

    async def get(self, path: str = "/", **headers: str) -> Answer:
        """Ask for something, and follow no redirect."""
        return await self._ask("GET", path, headers)

    async def post(self, path: str, form: dict[str, str], **headers: str) -> Answer:
        """Send a form of the page."""
        return await self._ask("POST", path, {"Origin": self.url, "Sec-Fetch-Site": "same-origin", **headers}, form)

    async def _ask(self, method: str, path: str, headers: dict[str, str], form: dict[str, str] | None = None) -> Answer:
        spelled = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith("http") else self.url + path
        async with self.session.request(method, url, headers=spelled, data=form, allow_redirects=False) as answer:
            return Answer(answer.status, await answer.text(), dict(answer.headers))


@asynccontextmanager
async def stranger(account: Account, *, local: Local | None = None, read_only: bool = False) -> AsyncIterator[Visitor]:
    """Serve the page, and visit it without its key."""
    async with (
        serving(account, key=KEY, local=local, read_only=read_only) as address,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,  # unsafe: also of IP addresses
    ):
        yield Visitor(address, session)


@asynccontextmanager
async def visitor(account: Account, *, local: Local | None = None, read_only: bool = False) -> AsyncIterator[Visitor]:
    """Serve the page, and visit it with its key."""
    async with stranger(account, local=local, read_only=read_only) as one:
        entered = await one.get("/?key=" + KEY, **NAVIGATION)
        assert entered.status == 303
        yield one


async def record(account: Account, *events: dict[str, Any] | str) -> None:
    """Record events as the app does."""
    tables = Tables(account)
    store = GroupCommit(tables)
    sink = Sink(store)
    for event in events:
        await sink.receive(event if isinstance(event, str) else json.dumps(event), function="sms_events")
    await store.close()
    await tables.close()
