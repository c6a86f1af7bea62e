"""`acsevents export`."""

import csv
import io
import json
import re
import sys
from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.times import Since
from shared.lookups import Lookups
from shared.rows.columns import COLUMNS

app = command_app()

_OF_OTHER_TABLES: Final = frozenset({"Reason", "Detail", "DriftCount", "Rows", "Raw"})
_CSV_COLUMNS: Final = ("Table", *(name for name in COLUMNS if name not in _OF_OTHER_TABLES), "Raw")
# A spreadsheet reads a cell that begins with one of these as a formula. A signed number, such as a phone number, is
# harmless.
_FORMULA: Final = re.compile(r"[=+\-@\t\r\n]")
_NUMBER: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


class Format(StrEnum):
    """The format of the exported rows."""

    JSONL = "jsonl"
    CSV = "csv"


@app.command(epilog=examples("export > events.jsonl", "export --since 30d --format csv > events.csv"))
def export(
    since: Since = None,
    form: Annotated[
        Format,
        typer.Option(
            "--format",
            help="JSON Lines, or CSV in UTF-8 with an apostrophe before anything that looks like a formula.",
        ),
    ] = Format.JSONL,
) -> None:
    """Write every recorded event to stdout, with all columns and its text as `Raw`, in no particular order."""
    write = _csv_writer() if form is Format.CSV else _write_json
    # On a terminal the rows themselves show the progress.
    if not ask(lambda lookups: _export(lookups, since, write), counted=not sys.stdout.isatty()):
        raise NotFound("no such event is recorded")


async def _export(lookups: Lookups, since: int | None, write: Callable[[dict[str, Any]], object]) -> int:
    count = 0
    async for record in lookups.records(since):
        write(record)
        count += 1
    return count


def _write_json(record: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(record) + "\n")


def _csv_writer() -> Callable[[dict[str, Any]], object]:
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Escapes of what another encoding lacks would change texts. RFC 4180 ends lines with CR LF, on every platform.
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace", newline="")
    # Only with both characters in the line terminator does `csv` quote a text that has one of them.
    writer = csv.DictWriter(sys.stdout, _CSV_COLUMNS, extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    return lambda record: writer.writerow({name: guarded(value) for name, value in record.items()})


def guarded(value: Any) -> Any:
    """Return a value that a spreadsheet shows as text instead of running it as a formula."""
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        return f"'{value}"
    return value
