"""The code that commands which change the tables share: progress, confirmation and report."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final

import msgspec
import typer

from acsevents.asking import account
from acsevents.failures import Refused
from acsevents.loop import run
from acsevents.output import in_json, json_line
from acsevents.progress import progress
from shared.storage.account import Account

DryRun = Annotated[bool, typer.Option("--dry-run", help="Only show what would be done.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask for confirmation.")]

_POLL_SECONDS: Final = 0.2


def operate(work: Callable[[Account], Awaitable[None]], doing: str, seen: Callable[[], int]) -> None:
    """Run work on the configured account, and show its progress on a terminal.

    Args:
        work: what to run.
        doing: the word that describes the work, such as `erasing`.
        seen: returns the number of rows or events processed so far.
    """
    run_with_progress(lambda: work(account()), doing, seen)


def run_with_progress(work: Callable[[], Awaitable[None]], doing: str, seen: Callable[[], int]) -> None:
    """Run work that chooses its own account, and show its progress on a terminal; see `operate`."""
    run(lambda: _with_progress(work, doing, seen))


def confirm(question: str, *, yes: bool) -> None:
    """Ask the user to confirm something that cannot be undone.

    Raises:
        Refused: the answer is no, or there is no terminal to ask on.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused(
            "this cannot be undone, and there is no terminal to confirm it on: add --yes, or --dry-run to preview"
        )
    if not typer.confirm(question, err=True):
        raise Refused("nothing was changed")


def print_report(report: msgspec.Struct, *, as_json: bool, dry_run: bool | None = None) -> None:
    """Print a report: a table of the non-zero counts for people, or one JSON object for programs."""
    counts: dict[str, Any] = msgspec.to_builtins(report)
    if in_json(as_json):
        print(json_line(counts if dry_run is None else {"dry_run": dry_run, **counts}))
        return
    from acsevents.tables import console, fields_table  # noqa: PLC0415  imports rich, which pipes can do without

    fields = {name: _in_words(count) for name, count in counts.items() if count}
    if dry_run:
        fields = {"dry run": "nothing was changed", **fields}
    console().print(fields_table(fields or {"done": "0"}))


def _in_words(count: Any) -> str:
    if isinstance(count, dict):
        return ", ".join(f"{number:,} {name}" for name, number in sorted(count.items()))
    return f"{count:,}" if isinstance(count, int) else str(count)


async def _with_progress(work: Callable[[], Awaitable[None]], doing: str, seen: Callable[[], int]) -> None:
    task = asyncio.ensure_future(work())
    try:
        with progress(doing) as step:
            counted = 0
            while not task.done():
                await asyncio.wait([task], timeout=_POLL_SECONDS)
                step(seen() - counted)
                counted = seen()
        task.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
