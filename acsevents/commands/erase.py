"""`acsevents erase`."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from acsevents.commands import command_app, examples
from acsevents.failures import Refused
from acsevents.operating import DryRun, Yes, confirm, operate, print_report
from acsevents.operations import erase as erasing
from acsevents.operations.erase import Erased
from acsevents.operations.receipt import receipt_of, write_receipt
from acsevents.operations.stored_rows import StoredRows
from acsevents.operations.whom import Kind, Target
from acsevents.output import AsJson, note
from shared.storage.account import Account

app = command_app()


@app.command(
    epilog=examples(
        "erase --number '+1 555-555-0100' --dry-run",
        "erase --user 8:acs:5354158b-17b7-489c-9380-95d8821ff76b_00000005-3e5f-1bc6-f40f-343a0d0003fe",
        "erase --thread 19:e07c8ddc5bab4c059ea9f11d29b544b6@thread.v2 --yes",
    )
)
def erase(
    user: Annotated[str | None, typer.Option(metavar="RAW_ID", help="Raw id of a chat user.")] = None,
    number: Annotated[
        str | None, typer.Option(help="A phone number in any spelling, your own or the other party's.")
    ] = None,
    thread: Annotated[
        str | None, typer.Option(metavar="ID", help="Id of a thread; erases it for all participants.")
    ] = None,
    receipt: Annotated[
        Path | None, typer.Option(metavar="FILE", help="File for the receipt; by default a new one in this folder.")
    ] = None,
    *,
    dry_run: DryRun = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Erase a user, a number or a thread from all tables, and write a receipt.

    Their events are removed with all copies. Other people's events that only list them lose their id, name and
    metadata. Dead letters and unreadable rows are removed if they contain the id.

    This does not reach backups or what others wrote. Event Grid may redeliver events for 24 hours: the receipt says
    when to run the erasure again. It has digests instead of identities, and `acsevents replay --except` reads it.
    """
    target = _target({"user": user, "number": number, "thread": thread})
    if dry_run or not yes:
        planned = _erase(target, datetime.now(UTC), Erased(), doing="counting", dry_run=True)
        if dry_run:
            print_report(planned, dry_run=True, as_json=as_json)
            return
        print_report(planned, dry_run=True, as_json=False)
        confirm("Erase all that? It cannot be undone.", yes=yes)
    began = datetime.now(UTC)
    file = receipt or Path(f"erasure-{began:%Y-%m-%d}-{secrets.token_hex(4)}.json")
    erased, finished = Erased(), None
    # Written before anything is changed, so that an interrupted erasure has a receipt too.
    write_receipt(receipt_of(target, erased, began, finished=finished), file)
    try:
        _erase(target, began, erased, doing="erasing", dry_run=False)
        finished = datetime.now(UTC)
    finally:
        write_receipt(receipt_of(target, erased, began, finished=finished), file, overwrite=True)
        note(f"the receipt is {file}")
    print_report(erased, dry_run=False, as_json=as_json)
    if erased.contended:
        raise Refused(f"{erased.contended} rows kept changing: run it again")


def _erase(target: Target, now: datetime, erased: Erased, *, doing: str, dry_run: bool) -> Erased:
    async def work(account: Account) -> None:
        async with StoredRows(account) as stored:
            await erasing.erase(stored, erased, target, now, dry_run=dry_run)

    operate(work, doing, lambda: erased.seen)
    return erased


def _target(given: dict[Kind, str | None]) -> Target:
    named = [(kind, value) for kind, value in given.items() if value is not None]
    if len(named) != 1:
        raise typer.BadParameter("name one of --user, --number and --thread")
    return Target(*named[0])
