"""`acsevents rebuild`."""

from acsevents.commands import command_app, examples
from acsevents.failures import Refused
from acsevents.operating import DryRun, operate, print_report
from acsevents.operations import rebuild as rebuilding
from acsevents.operations.stored_rows import StoredRows
from acsevents.output import AsJson
from acsevents.times import Since
from shared.storage.account import Account

app = command_app()


@app.command(epilog=examples("rebuild --dry-run", "rebuild --since 30d"))
def rebuild(since: Since = None, *, dry_run: DryRun = False, as_json: AsJson = False) -> None:
    """Decode every stored event again with the current code, and write what differs.

    Run it after an upgrade. It also adds events that are missing from the time line. Events may arrive meanwhile, and
    after an interruption the next run finishes the work.
    """
    rebuilt = rebuilding.Rebuilt()

    async def work(account: Account) -> None:
        async with StoredRows(account) as stored:
            await rebuilding.rebuild(stored, rebuilt, since=since, dry_run=dry_run)

    operate(work, "rebuilding", lambda: rebuilt.seen)
    print_report(rebuilt, dry_run=dry_run, as_json=as_json)
    if rebuilt.contended:
        raise Refused(f"{rebuilt.contended} rows kept changing: run it again")
