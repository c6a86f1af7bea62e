"""`acsevents users`."""

from acsevents.commands import command_app, examples
from acsevents.listing import list_owners
from acsevents.output import AsJson
from acsevents.times import Since

app = command_app()


@app.command(epilog=examples("users --since 2h"))
def users(since: Since = None, *, as_json: AsJson = False) -> None:
    """List the chat users that events were delivered to, each with their last event.

    With --since, only users with events since then are listed, the latest event first.
    """
    list_owners("user", lambda lookups: lookups.users(since), as_json=as_json)
