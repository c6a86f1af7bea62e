"""One event."""

import asyncio
from typing import Final

from aiohttp import web

from acsevents.local.stack import Ports
from acsevents.operations import exact_json
from acsevents.operations.outgoing import schema_of
from acsevents.page.json_tree import tree_of
from acsevents.page.notes import noted_by
from acsevents.page.site import Site, site_of
from acsevents.page.templating import link, page, shell_word
from acsevents.publishing import CONTENT_TYPES
from shared.catalogue import find
from shared.lookups import Handle, RecordedEvent

_LONGEST: Final = 100_000  # characters: Linux takes 128 KiB in one argument
_PATIENCE: Final = 10.0  # seconds
_HOST: Final = f"http://127.0.0.1:{Ports().host}"


async def show_event(request: web.Request) -> web.Response:
    """Show the event of a handle."""
    notes: list[str] = []
    noted_by(notes.append)
    try:
        handle = Handle.parse(request.match_info["handle"])
    except ValueError as error:
        return page(request, "problem.html", status=404, title="No such event", problem=str(error))
    try:
        async with asyncio.timeout(_PATIENCE):
            found = await site_of(request).lookups.event(handle)
    except TimeoutError:
        told = f"It is not in the time line. To read all records for it: acsevents event {handle}"
        return page(request, "problem.html", status=404, title="No such event", problem=told)
    if found is None:
        return page(request, "problem.html", status=404, title="No such event", problem="It is not recorded here.")
    return page(
        request,
        "event.html",
        event=found,
        tree=tree_of(found.text),
        links=_links(found),
        commands=_commands(found, site_of(request)),
        notes=notes,
    )


def _links(event: RecordedEvent) -> list[tuple[str, str]]:
    """Return links to the SMS, number, thread and user of an event, with their labels."""
    told = {name: value for name, value in event.columns.items() if isinstance(value, str) and value}
    links = []
    if number := told.get("Number"):
        links += [(link("/sms", number=number, message=told.get("MessageId")), "This SMS")]
        links += [(link("/sms", number=number), f"SMS of {number}")]
    if thread := told.get("ThreadId"):
        links += [(link("/threads", id=thread), "The thread")]
        if recipient := told.get("RecipientId"):
            links += [(link("/threads", id=thread, seen_by=recipient), "as its recipient saw it")]
    if user := told.get("RecipientId") or told.get("SenderId"):
        links += [(link("/", user=user), "Events of this user")]
    return links


def _commands(event: RecordedEvent, site: Site) -> list[tuple[str, str]]:
    """Return commands to copy, with their labels."""
    commands = [("command", f"acsevents event {event.handle}")]
    if curl := _curl(event, site.local.host if site.local else _HOST):
        commands.append(("as curl", curl))
    return commands


def _curl(event: RecordedEvent, host: str) -> str | None:
    """Return the command that delivers an event to a Functions host again; None if it does not fit a command line."""
    event_type = find(str(event.columns.get("EventType") or ""))
    try:
        body = exact_json.parse(event.text or "")
    except (ValueError, RecursionError):
        return None
    text = exact_json.write(body)
    if event_type is None or not isinstance(body, dict) or len(text) > _LONGEST:
        return None
    schema = schema_of(body)
    content_type = CONTENT_TYPES[schema].replace("-batch", "")
    words = ["curl", "-i", f"{host}/runtime/webhooks/EventGrid?functionName={event_type.family.function}"]
    words += ["-H", "aeg-event-type: Notification", "-H", f"Content-Type: {content_type}"]
    return " ".join(map(shell_word, [*words, "-d", text if schema == "CloudEventSchemaV1_0" else f"[{text}]"]))
