"""`acsevents prune`."""

from datetime import UTC, datetime
from typing import Annotated

import typer

from acsevents.commands import command_app, examples
from acsevents.operating import DryRun, Yes, confirm, operate, print_report
from acsevents.operations import prune as pruning
from acsevents.operations.stored_rows import StoredRows
from acsevents.output import AsJson
from acsevents.times import ticks
from shared.catalogue import TABLES
from shared.events.timestamps import edm
from shared.lookups.reader import ticks_of
from shared.storage.account import Account

app = command_app()


@app.command(epilog=examples("prune --before 365d --dry-run", "prune --before 2026-01-01 --table DeadLetters --yes"))
def prune(
    before: Annotated[
        int, typer.Option(parser=ticks, metavar="TIME", help="The first date to keep, such as 2026-01-01.")
    ],
    tables: Annotated[
        list[str] | None, typer.Option("--table", metavar="TABLE", help="Prune only this table; may be repeated.")
    ] = None,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Remove events older than a date by their own time, and dead letters by the time they were stored.

    An event's row in the time line is removed with the last of the rows that it points to. After an interruption,
    the next run finishes the work.
    """
    unknown = sorted(set(tables or ()) - set(TABLES))
    if unknown:
        raise typer.BadParameter(f"{unknown[0]} is not a table: choose from {', '.join(TABLES)}", param_hint="--table")
    if before > ticks_of(datetime.now(UTC)):
        raise typer.BadParameter("the time is in the future: everything would be removed", param_hint="--before")
    chosen = tables or TABLES
    if not dry_run:
        confirm(f"Remove everything before {edm(before)[:19]} UTC from {', '.join(chosen)}?", yes=yes)
    pruned = pruning.Pruned()

    async def work(account: Account) -> None:
        async with StoredRows(account) as stored:
            await pruning.prune(stored, pruned, before, tables=chosen, dry_run=dry_run)

    operate(work, "pruning", lambda: sum(pruned.removed.values()))
    print_report(pruned, dry_run=dry_run, as_json=as_json)
