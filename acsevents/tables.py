"""Answers on a terminal of any width: texts and ids are folded, never cut. Imported for terminals only."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from acsevents.text import shown

Columns = Mapping[str, int | None]
"""The fields to show, in their order, each with its width, or None for those that share what is left."""

_GAP: Final = 2
_NARROWEST: Final = 20  # a column that shares; below that, what is shared goes to lines of its own
_TELLING: Final = 10  # columns of times, kinds, handles and numbers are as wide
_TIMES: Final = frozenset({"time", "first", "last", "first_event", "last_event"})  # shown to the second


def console(*, stderr: bool = False) -> Console:
    """Return a console that takes no text for markup, emoji names or things to colour."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def print_rows(out: Console, answers: Iterable[Mapping[str, Any]], columns: Columns, *, header: bool) -> None:
    """Print a table, or without its header the next rows of one; where it is too narrow, each answer on its lines."""
    shared = [name for name, width in columns.items() if width is None]
    if out.width < sum(width or _NARROWEST for width in columns.values()) + _GAP * len(columns):
        for answer in answers:
            _print_lines(out, answer, columns)
        return
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_header=header, expand=bool(shared))
    for name, width in columns.items():
        table.add_column(heading(name), width=width, ratio=1 if width is None else None)
    for answer in answers:
        table.add_row(*(cell(name, answer.get(name)) for name in columns))
    out.print(table)


def fields_table(answer: Mapping[str, Any]) -> Table:
    """Return a table with a line for each field that the answer has."""
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_header=False)
    table.add_column(style="bold")
    for name, value in answer.items():
        if value is not None:
            table.add_row(heading(name), cell(name, value))
    return table


def cell(field: str, value: Any) -> Text:
    """Return a value as it is shown; times of UTC to the second."""
    if value is None:
        return Text("")
    if field in _TIMES:
        value = str(value)[:19].replace("T", " ")
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return Text(shown(text), overflow="fold")


def heading(field: str) -> str:
    """Return a field's name as people read it."""
    return field.replace("_", " ")


def _print_lines(out: Console, answer: Mapping[str, Any], columns: Columns) -> None:
    """Print an answer as one line that is folded; what does not tell what it is by its form is named."""
    parts = []
    for name, width in columns.items():
        if answer.get(name) is not None:
            value = cell(name, answer[name])
            parts.append(value if (width or 0) >= _TELLING else Text.assemble((f"{heading(name)} ", "bold"), value))
    first, *others = Text(" " * _GAP).join(parts).wrap(out, max(out.width - _GAP, 1), overflow="fold")
    out.print(first)
    for line in others:
        out.print(Text(" " * _GAP).append_text(line))
