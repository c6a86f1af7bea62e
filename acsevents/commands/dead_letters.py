"""`acsevents dead-letters`."""

import msgspec

from acsevents import show
from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.output import AsJson, console, in_json, json_line
from shared.lookups import DeadLetter, Lookups

app = command_app()


@app.command(epilog=examples("dead-letters"))
def dead_letters(*, as_json: AsJson = False) -> None:
    """List the events that could not be recorded, with the reasons."""
    letters = ask(_all)
    if in_json(as_json):
        for letter in letters:
            print(json_line(msgspec.to_builtins(letter._asdict())))
    else:
        show.dead_letters(console(), letters)


async def _all(lookups: Lookups) -> list[DeadLetter]:
    return [letter async for letter in lookups.dead_letters()]
