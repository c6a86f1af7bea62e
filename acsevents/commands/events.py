"""`acsevents events`."""

from contextlib import aclosing
from typing import Annotated, Final

import typer

from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.output import AsJson, note, rows
from acsevents.times import Since, Until
from shared.events.event import Kind
from shared.lookups import EventLine, EventQuery, Lookups

app = command_app()

COLUMNS: Final = {"time": 19, "kind": 20, "handle": 26, "who": None, "whom": None, "what": None, "drift": 5}
_LIMIT: Final = 50
_MOST_PAST: Final = 10_000  # kept in memory: to print the oldest first, and to tell new events from them


@app.command(
    epilog=examples(
        "events --since 2h", "events --number '+1 555-555-0100' --status Failed", "events --kind sms.received --follow"
    )
)
def events(
    *,
    kind: Annotated[Kind | None, typer.Option(help="Kind of event.")] = None,
    number: Annotated[str | None, typer.Option(help="Own number of an SMS, or else the other party's.")] = None,
    user: Annotated[
        str | None, typer.Option(help="Raw id of a user who received events, or else who took part.")
    ] = None,
    thread: Annotated[
        str | None, typer.Option(help="Id of a thread: its own events, or else those of its users.")
    ] = None,
    status: Annotated[str | None, typer.Option(help="Delivery status, such as Failed.")] = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=0, help="How many events, 0 for all.")] = _LIMIT,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show new events as they are written, until Ctrl-C.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what happened, newest first.

    A handle names an event: `acsevents event HANDLE` shows more of it. Times are UTC.

    --follow shows new events as they are written. An event written at most 2 minutes after its own time appears
    within 2 seconds, and one written at most 24 hours after it within 60 seconds. Later ones do not appear. While the
    tables cannot be reached, it keeps trying. It remembers the last 100,000 events: an older one that is delivered
    again may be shown again.
    """
    wanted = EventQuery(
        kind=kind,
        number=number,
        user=user,
        thread=thread,
        status=status,
        since=since,
        until=until,
    )
    if follow:
        if until is not None:
            raise typer.BadParameter("--follow never ends: remove --until")
        ask(lambda lookups: _follow(lookups, wanted, limit, as_json=as_json))
        return
    count = ask(lambda lookups: rows(lookups.lines(wanted, limit or None), COLUMNS, as_json=as_json))
    if not count:
        raise NotFound("no matching event is recorded")
    if count == limit:
        note(f"these are the newest {limit}: --limit 0 shows all")


async def _follow(lookups: Lookups, wanted: EventQuery, limit: int, *, as_json: bool) -> None:
    """Show the newest events since a time, if one is given, oldest first; then show new ones."""
    past: list[EventLine] = []
    most = limit or _MOST_PAST
    if wanted.since is not None:
        past = [line async for line in lookups.lines(wanted, max(most, _MOST_PAST) + 1)]
    if len(past) > most:
        note(f"of the past, these are the newest {most}")
    await rows(reversed(past[:most]), COLUMNS, as_json=as_json, live=True)
    async with aclosing(lookups.follow(wanted, shown=[line.handle for line in past])) as lines:
        await rows(lines, COLUMNS, as_json=as_json, live=True)
