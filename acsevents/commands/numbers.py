"""`acsevents numbers`."""

from acsevents.commands import command_app, examples
from acsevents.listing import list_owners
from acsevents.output import AsJson
from acsevents.times import Since

app = command_app()


@app.command(epilog=examples("numbers", "numbers --since 1d"))
def numbers(since: Since = None, *, as_json: AsJson = False) -> None:
    """List your own numbers, each with its last event."""
    list_owners("number", lambda lookups: lookups.numbers(since), as_json=as_json)
