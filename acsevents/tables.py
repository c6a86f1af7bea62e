"""Answers on a terminal of any width: texts and ids are folded, never cut. Imported for terminals only."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
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
_WHOLE: Final = 30  # characters that are not worth a fold
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
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def safe(text: str) -> Text:
    """Make a stranger's text harmless to a terminal, and as long as it is going to be shown.

    What an ASCII terminal cannot show is written as an escape here already: tables count its letters.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return Text(shown(text).encode(encoding, "backslashreplace").decode(encoding), overflow="fold")


def heading(field: str) -> str:
    """Return a field's name as people read it."""
    return field.replace("_", " ")


def _print_lines(out: Console, answer: Mapping[str, Any], columns: Columns) -> None:
    """Print an answer as one line that is folded; what does not tell what it is by its form is named."""
    width, lines = max(out.width - _GAP, 1), [Text()]
    for part in _parts(answer, columns):
        before = Text(" " * _GAP) if lines[-1] else Text()
        is_short = part.cell_len <= min(_WHOLE, width) and "\n" not in part.plain
        if is_short and lines[-1].cell_len + _GAP + part.cell_len > width:
            lines.append(part)  # times, handles and names stay in one piece
        else:
            lines[-1:] = (lines[-1] + before + part).wrap(out, width, overflow="fold")
        lines[-1].rstrip()
    out.print(lines[0])
    for line in lines[1:]:
        out.print(Text(" " * _GAP).append_text(line))


def _parts(answer: Mapping[str, Any], columns: Columns) -> Iterator[Text]:
    """Yield the fields of an answer, those named that another could be taken for."""
    times = [name for name in columns if name in _TIMES]
    for name, width in columns.items():
        if answer.get(name) is not None:
            value = cell(name, answer[name])
            tells = (width or 0) >= _TELLING and not (name in times and len(times) > 1)
            yield value if tells else Text.assemble((f"{heading(name)} ", "bold"), value)
