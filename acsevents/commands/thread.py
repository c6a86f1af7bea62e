"""`acsevents thread`."""

from typing import Annotated

import typer

from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.output import AsJson, in_json, json_line

app = command_app()


@app.command(
    epilog=examples("thread 19:e07c8ddc5bab4c059ea9f11d29b544b6@thread.v2", "thread 19:…@thread.v2 --seen-by 8:acs:…")
)
def thread(
    thread_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the thread, such as 19:…@thread.v2.")],
    seen_by: Annotated[str | None, typer.Option(help="Raw id of a user: tell what that user saw.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell the transcript of one chat thread, after edits and deletions."""
    transcript = ask(
        lambda lookups: (
            lookups.thread_as_seen_by(seen_by, thread_id) if seen_by is not None else lookups.thread(thread_id)
        )
    )
    if transcript is None:
        raise NotFound("no such thread is recorded")
    if in_json(as_json):
        print(json_line(transcript))
        return
    from acsevents import show  # noqa: PLC0415  imports rich, which pipes can do without

    show.thread(show.console(), transcript)
