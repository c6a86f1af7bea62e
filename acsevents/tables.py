"""Print answers on a terminal of any width; texts and ids are wrapped, never cut. Pipes do not import this."""

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from acsevents.text import escaped

Columns = Mapping[str, int | None]
"""The fields to show, in order, each with its width; fields with None share the remaining width."""

_GAP: Final = 2
_NARROWEST: Final = 20  # of a column that shares the remaining width; below that, each answer gets its own lines
_WHOLE: Final = 30  # characters that are not worth wrapping
_RECOGNIZABLE: Final = 10  # width of times, kinds, handles and numbers, which are recognizable without a label
_TIMES: Final = frozenset({"time", "first", "last", "first_event", "last_event"})  # shown to the second


def console(*, stderr: bool = False) -> Console:
    """Return a console that interprets no markup or emoji names, and adds no colours."""
    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


def print_rows(out: Console, answers: Iterable[Mapping[str, Any]], columns: Columns, *, header: bool) -> None:
    """Print rows of a table, with or without its header; on a narrow terminal print each answer on lines of its own."""
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
    """Return a table with one line per field of the answer."""
    table = Table(box=None, padding=(0, _GAP, 0, 0), pad_edge=False, show_header=False)
    table.add_column(style="bold", overflow="fold")
    for name, value in answer.items():
        if value is not None:
            table.add_row(heading(name), cell(name, value))
    return table


def cell(field: str, value: Any) -> Text:
    """Return a value as text; times are in UTC and cut to seconds."""
    if value is None:
        return Text("")
    if field in _TIMES:
        value = str(value)[:19].replace("T", " ")
    return safe(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def safe(text: str) -> Text:
    """Return a text that is safe on a terminal, with the length that it has when shown.

    Characters that an ASCII terminal cannot show become escapes here, because tables count characters.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return Text(escaped(text).encode(encoding, "backslashreplace").decode(encoding), overflow="fold")


def heading(field: str) -> str:
    """Return the name of a field with spaces for underscores."""
    return field.replace("_", " ")


def _print_lines(out: Console, answer: Mapping[str, Any], columns: Columns) -> None:
    """Print an answer as one wrapped line; label the fields that are not recognizable by their form."""
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
    """Yield the fields of an answer, labelled where another field could have the same form."""
    times = [name for name in columns if name in _TIMES]
    for name, width in columns.items():
        if answer.get(name) is not None:
            value = cell(name, answer[name])
            is_recognizable = (width or 0) >= _RECOGNIZABLE and not (name in times and len(times) > 1)
            yield value if is_recognizable else Text.assemble((f"{heading(name)} ", "bold"), value)
