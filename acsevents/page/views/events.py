"""The list of events, which new events join."""

from typing import Final

from aiohttp import web

from acsevents.page.filters import FUNCTIONS, Filters
from acsevents.page.frame import framed
from acsevents.page.search import Found, search
from acsevents.page.site import site_of
from acsevents.page.stream import pulse
from acsevents.page.tab import CAP
from shared.events.event import Kind

_LIMIT: Final = 100
_STATUSES: Final = ("Delivered", "Failed")


async def show_events(request: web.Request) -> web.StreamResponse:
    """List the newest events that match the filters of the address."""
    site = site_of(request)
    position = site.live.look_on()
    problem, filters = "", Filters.written(request.query)
    try:
        filters = Filters.read(request.query)
    except ValueError as error:
        problem = str(error)

    async def read() -> Found:
        return Found([], more=False) if problem else await search(site.lookups, filters, _LIMIT)

    return await framed(
        request,
        "events.html",
        read,
        status=400 if problem else 200,
        problem=problem,
        filters=filters,
        position=position,
        pulse=pulse(site.live, site.lookups),
        cap=CAP,
        families=FUNCTIONS,
        kinds=[kind.value for kind in Kind],
        statuses=_STATUSES,
    )
