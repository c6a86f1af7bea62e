"""One event whole."""

from aiohttp import web

from acsevents.page.json_tree import tree_of
from acsevents.page.notes import noted_by
from acsevents.page.site import site_of
from acsevents.page.templating import page
from shared.lookups import Handle


async def show_event(request: web.Request) -> web.Response:
    """Show the event of a handle."""
    try:
        handle = Handle.parse(request.match_info["handle"])
    except ValueError as error:
        return page(request, "problem.html", status=404, title="No such event", problem=str(error))
    notes: list[str] = []
    noted_by(notes.append)
    found = await site_of(request).lookups.event(handle)
    if found is None:
        return page(request, "problem.html", status=404, title="No such event", problem="It is not recorded here.")
    return page(request, "event.html", event=found, tree=tree_of(found.text), links=[], commands=[], notes=notes)
