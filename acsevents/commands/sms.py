"""`acsevents sms`."""

from typing import Annotated

import typer

from acsevents import show
from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.output import AsJson, console, in_json, json_line

app = command_app()


@app.command(epilog=examples("sms +15555550100 0f8fad5b-d9cb-469f-a165-70867728950e"))
def sms(
    number: Annotated[str, typer.Argument(help="Your own number: `to` of a received SMS, `from` of a sent one.")],
    message_id: Annotated[str, typer.Argument(help="The id that ACS gave the message.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell what became of one SMS."""
    story = ask(lambda lookups: lookups.sms(number, message_id))
    if story is None:
        raise NotFound("no such SMS is recorded")
    if in_json(as_json):
        print(json_line(story))
    else:
        show.sms(console(), story)
