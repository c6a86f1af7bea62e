"""How answers are printed: a table on a terminal, one JSON object per line in a pipe or with --json; same fields.

An answer is a `msgspec.Struct`; its fields are the columns. rich is imported for terminals only.
"""

import json
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from acsevents.text import shown

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line, as in a pipe.")]

Answer = msgspec.Struct | Mapping[str, Any]
_AT_ONCE: Final = 100  # rows that a table is laid out by


def in_json(as_json: bool) -> bool:  # noqa: FBT001  the one thing that it asks
    """Tell whether answers are for programs: in a pipe, or when asked for."""
    return as_json or not sys.stdout.isatty()


def json_line(answer: Answer) -> str:
    """Write an answer as one line, in ASCII: nothing in it can be taken for a command by a terminal."""
    return json.dumps(msgspec.to_builtins(answer), separators=(",", ":"))


def one(answer: Answer, *, as_json: bool, title: str = "") -> None:
    """Print one answer: as a JSON object, or as a table with a line per field."""
    if in_json(as_json):
        print(json_line(answer))
        return
    table = _table(title, header=False)
    for name, value in _fields(answer).items():
        if value is not None:
            table.add_row(_heading(name), _cell(value))
    console().print(table)


async def rows(
    answers: AsyncIterator[Answer] | Iterable[Answer],
    columns: Sequence[str],
    *,
    as_json: bool,
    widths: Mapping[str, int] | None = None,
    title: str = "",
) -> int:
    """Print answers of one kind as they come, and return how many there were.

    Args:
        answers: what to print; it is not kept.
        columns: the fields to show, in their order.
        as_json: for programs, whatever stdout is.
        widths: of columns that are always as wide, as long as the terminal is wide enough.
        title: above the table.
    """
    count = 0
    waiting: list[Answer] = []
    async for answer in _each(answers):
        count += 1
        if in_json(as_json):
            sys.stdout.write(json_line(_only(answer, columns)) + "\n")
            continue
        waiting.append(answer)
        if len(waiting) == _AT_ONCE:
            print_table(waiting, columns, widths or {}, title=title, header=count == _AT_ONCE)
            waiting.clear()
    if waiting:
        print_table(waiting, columns, widths or {}, title=title, header=count == len(waiting))
    sys.stdout.flush()
    return count


def print_table(
    answers: Iterable[Answer],
    columns: Sequence[str],
    widths: Mapping[str, int],
    *,
    title: str = "",
    header: bool = True,
) -> None:
    """Print a table, or with no header the next rows of one: columns of no fixed width share what is left."""
    table = _table(title if header else "", header=header, expand=bool(widths))
    for column in columns:
        table.add_column(
            _heading(column),
            overflow="fold",
            width=widths.get(column),
            ratio=None if column in widths or not widths else 1,
        )
    for answer in answers:
        fields = _fields(answer)
        table.add_row(*(_cell(fields.get(column)) for column in columns))
    console().print(table)


def console(*, stderr: bool = False) -> "Console":
    """Return a console that takes no text for markup, emoji names or things to colour."""
    from rich.console import Console  # noqa: PLC0415  not for pipes

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def note(text: str) -> None:
    """Tell on stderr what is no part of the answer."""
    print(f"acsevents: {shown(text)}", file=sys.stderr)


def _table(title: str, *, header: bool, expand: bool = False) -> "Table":
    from rich import box  # noqa: PLC0415  see console
    from rich.table import Table  # noqa: PLC0415  see console

    return Table(title=_cell(title) if title else None, show_header=header, expand=expand, box=box.SIMPLE_HEAD)


def _heading(field: str) -> str:
    return field.rstrip("_").replace("_", " ")


def _cell(value: Any) -> Any:
    from rich.text import Text  # noqa: PLC0415  see console

    if value is None:
        return Text("")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text(shown(text), overflow="fold")


def _fields(answer: Answer) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(answer)
    return fields


def _only(answer: Answer, columns: Sequence[str]) -> dict[str, Any]:
    fields = _fields(answer)
    return {column: fields[column] for column in columns if fields.get(column) is not None}


async def _each(answers: AsyncIterator[Answer] | Iterable[Answer]) -> AsyncIterator[Answer]:
    if isinstance(answers, AsyncIterator):
        async for answer in answers:
            yield answer
    else:
        for answer in answers:
            yield answer
