"""`acsevents threads`."""

from acsevents.commands import command_app, examples
from acsevents.listing import list_owners
from acsevents.output import AsJson
from acsevents.times import Since

app = command_app()


@app.command(epilog=examples("threads --since 2h"))
def threads(since: Since = None, *, as_json: AsJson = False) -> None:
    """List the chat threads, each with its last event.

    With --since, the thread with the latest event comes first, and threads that have only users' events are included.
    """
    list_owners("thread", lambda lookups: lookups.threads(since), as_json=as_json)
