"""The server of the page: routes, and the lifetime of their context."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from acsevents.local.ports import listening
from acsevents.page.frame import explained
from acsevents.page.live import Live
from acsevents.page.notes import note
from acsevents.page.outcomes import Outcomes
from acsevents.page.security import READING, add_headers, guarded
from acsevents.page.site import SITE, Local, Site
from acsevents.page.stream import stream
from acsevents.page.templating import STATIC, page
from acsevents.page.views.dead_letters import replay, show_dead_letter, show_dead_letters
from acsevents.page.views.event import show_event
from acsevents.page.views.events import show_events
from acsevents.page.views.send import send_it, show_send
from acsevents.page.views.sms import show_report, show_sms
from acsevents.page.views.threads import show_threads
from shared.lookups import Lookups
from shared.storage.account import Account

_PATIENCE: Final = 2.0  # seconds for requests under way at the end
_LARGEST: Final = 4 * 1024 * 1024  # bytes of a form: an event of 1 MB, percent-encoded


@asynccontextmanager
async def serving(
    account: Account, *, key: str, port: int = 0, local: Local | None = None, read_only: bool = False
) -> AsyncIterator[str]:
    """Serve the page on 127.0.0.1 during the block, which gets the address with the key.

    Args:
        account: the storage account to show.
        key: the secret in the address.
        port: the port, 0 for any free one.
        local: the local stack that writes to the account's tables, if there is one.
        read_only: refuse to replay and to send.

    Raises:
        LocalStackError: the port is taken.
    """
    async with Lookups(account, note) as lookups:
        live = Live(lookups)
        app = web.Application(middlewares=[guarded(key), _explained, _changing_nothing], client_max_size=_LARGEST)
        app[SITE] = Site(account, lookups, live, Outcomes(), local, read_only)
        app.on_response_prepare.append(add_headers)
        app.add_routes(_ROUTES)
        async with listening(app, port, patience=_PATIENCE) as url:
            try:
                yield f"{url}/?key={key}"
            finally:
                await live.close()


@web.middleware
async def _changing_nothing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse all requests that may change something, if the page is read-only."""
    if request.app[SITE].read_only and request.method not in READING:
        told = "This page was started with --read-only: it replays and sends nothing."
        return page(request, "problem.html", status=403, title="Read-only", problem=told)
    return await handler(request)


@web.middleware
async def _explained(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Show an error with its cure; of a bug, only that there is one."""
    try:
        return await handler(request)
    except web.HTTPRedirection:
        raise
    except web.HTTPException as answer:
        return page(request, "problem.html", status=answer.status, title=answer.reason, problem="")
    except Exception as error:  # noqa: BLE001  the boundary, as for the commands
        status, title, problem = explained(error)
        return page(request, "problem.html", status=status, title=title, problem=problem)


_ROUTES: Final = [
    web.get("/", show_events),
    web.get("/stream", stream, allow_head=False),
    web.get("/events/{handle}", show_event),
    web.get("/sms", show_sms),
    web.get("/sms/report", show_report),
    web.get("/threads", show_threads),
    web.get("/dead-letters", show_dead_letters),
    web.get("/dead-letters/{id}", show_dead_letter),
    web.post("/dead-letters/replay", replay),
    web.get("/send", show_send),
    web.post("/send", send_it),
    web.static("/static", STATIC),
]
