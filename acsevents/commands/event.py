"""`acsevents event`."""

from typing import Annotated

import typer

from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.output import AsJson, in_json, json_line
from shared.lookups import Handle

app = command_app()


def _handle(written: str) -> Handle:
    try:
        return Handle.parse(written)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None


@app.command(epilog=examples("event 0hs7r6mzy2n8w3v5k9d4c1q6ja"))
def event(
    handle: Annotated[
        Handle, typer.Argument(parser=_handle, metavar="HANDLE", help="The handle that `acsevents events` shows.")
    ],
    *,
    as_json: AsJson = False,
) -> None:
    """Show everything about one event: its columns, drift and text, and where its rows are."""
    found = ask(lambda lookups: lookups.event(handle), counted=True)
    if found is None:
        raise NotFound("no event with that handle is recorded")
    if in_json(as_json):
        print(json_line(found))
        return
    from acsevents import show  # noqa: PLC0415  imports rich, which pipes can do without

    show.event(show.console(), found)
