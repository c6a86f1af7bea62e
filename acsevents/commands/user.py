"""`acsevents user`."""

from typing import Annotated, Final

import typer

from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.output import AsJson, rows
from acsevents.times import Since
from shared.lookups import Lookups

app = command_app()

_COLUMNS: Final = {"thread_id": None, "topic": None, "name": None, "events": 6, "first": 19, "last": 19}


@app.command(epilog=examples("user 8:acs:1b5cc06b-f352-4571-b1e6-d9b259b7c776_00000007-0464-274b-b274-5a3a0d000101"))
def user(
    raw_id: Annotated[str, typer.Argument(metavar="RAW_ID", help="Raw id of the user, such as 8:acs:….")],
    since: Since = None,
    *,
    as_json: AsJson = False,
) -> None:
    """List one user's threads, and the user's display name in each."""

    async def query(lookups: Lookups) -> int:
        return await rows(await lookups.user(raw_id, since), _COLUMNS, as_json=as_json)

    if not ask(query, counted=True):
        raise NotFound("no event of that user is recorded")
