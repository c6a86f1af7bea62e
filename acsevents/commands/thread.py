"""`acsevents thread`."""

from typing import Annotated, Final

import typer

from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.output import AsJson, in_json, json_line, note, rows
from shared.lookups import Lookups

app = command_app()


_COLUMNS: Final = {"time": 19, "kind": 20, "message_id": 13, "who": None, "what": None}


@app.command(
    epilog=examples(
        "thread 19:e07c8ddc5bab4c059ea9f11d29b544b6@thread.v2",
        "thread 19:…@thread.v2 --history",
        "thread 19:…@thread.v2 --seen-by 8:acs:…",
    )
)
def thread(
    thread_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the thread, such as 19:…@thread.v2.")],
    seen_by: Annotated[str | None, typer.Option(help="Raw id of a user: show what that user saw.")] = None,
    *,
    history: Annotated[
        bool, typer.Option("--history", help="Show all that happened, with texts before edits and deletions.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show the transcript of one chat thread, after edits and deletions.

    If a thread has no events of its own, the transcript comes from its users' events.
    """
    if history:
        found = _history(thread_id, seen_by, as_json=as_json)
    else:
        found = _transcript(thread_id, seen_by, as_json=as_json)
    if not found:
        raise NotFound("no such thread is recorded")


def _history(thread_id: str, seen_by: str | None, *, as_json: bool) -> bool:
    async def query(lookups: Lookups) -> bool:
        found = await lookups.thread_with_history(thread_id, seen_by)
        if found is None:
            return False
        _, steps = found
        if not steps:
            note("the thread is recorded, but no change in it")
        await rows(steps, _COLUMNS, as_json=as_json)
        return True

    return ask(query, counted=True)


def _transcript(thread_id: str, seen_by: str | None, *, as_json: bool) -> bool:
    transcript = ask(
        lambda lookups: lookups.thread(thread_id) if seen_by is None else lookups.thread_as_seen_by(seen_by, thread_id),
        counted=True,
    )
    if transcript is None:
        return False
    if in_json(as_json):
        print(json_line(transcript))
        return True
    from acsevents import show  # noqa: PLC0415  imports rich, which pipes can do without

    show.thread(show.console(), transcript)
    return True
