"""`acsevents replay`."""

from pathlib import Path
from typing import Annotated

import typer

from acsevents.commands import command_app, examples
from acsevents.failures import Refused
from acsevents.operating import DryRun, operate, print_report
from acsevents.operations.files import replayable_events
from acsevents.operations.receipt import exception, read_receipt
from acsevents.operations.recording import opened_store
from acsevents.operations.replay import Replayed, replay_texts
from acsevents.output import AsJson, note
from shared.storage.account import Account

app = command_app()


@app.command(
    epilog=examples(
        "replay .local/event-grid-dead-letters",
        "replay https://ACCOUNT.blob.core.windows.net/event-grid-dead-letters --dry-run",
        "replay events.jsonl --except erasure-2026-03-04.json",
    )
)
def replay(
    source: Annotated[
        str,
        typer.Argument(
            help="A file of events, a folder, the URL of a blob container with or without a prefix, or - for stdin."
        ),
    ],
    receipts: Annotated[
        list[Path] | None,
        typer.Option("--except", metavar="RECEIPT", help="Receipt of an erasure: those it erased stay erased."),
    ] = None,
    *,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Record the events of Event Grid's dead-letter files, or of any file of events.

    The files are not changed. An event that is already recorded is not recorded twice.
    """
    redact = exception([read_receipt(path) for path in receipts]) if receipts else None
    replayed = Replayed()

    async def work(account: Account) -> None:
        texts = replayable_events(source)
        if dry_run:
            await replay_texts(texts, None, replayed, redact=redact, tell=note)
            return
        async with opened_store(account) as store:
            await replay_texts(texts, store, replayed, redact=redact, tell=note)

    operate(work, "replaying", lambda: replayed.seen)
    print_report(replayed, dry_run=dry_run, as_json=as_json)
    if replayed.left:
        raise Refused(
            f"{sum(replayed.left.values())} of {replayed.seen} events are not recorded; the reasons are above"
        )
