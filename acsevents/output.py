"""Print results: as a table on a terminal, or as one JSON object per line in a pipe or with --json."""

import json
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
import typer

from acsevents.text import escaped

if TYPE_CHECKING:
    from acsevents.tables import Columns

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object per line, as in a pipe.")]

Answer = msgspec.Struct | Mapping[str, Any]
_AT_ONCE: Final = 100  # rows of a table


def in_json(as_json: bool) -> bool:  # noqa: FBT001  the only argument
    """Return whether to print JSON: in a pipe, or with --json."""
    return as_json or not sys.stdout.isatty()


def json_line(answer: Answer) -> str:
    """Return an answer as one line of ASCII, without the control characters that terminals interpret."""
    return json.dumps(_fields(answer), separators=(",", ":"))


async def rows(
    answers: AsyncIterator[Answer] | Iterable[Answer], columns: "Columns", *, as_json: bool, live: bool = False
) -> int:
    """Print answers of one type as they come, and return their number.

    Args:
        answers: what to print; they are not kept in memory.
        columns: the fields to show.
        as_json: whether to print JSON even on a terminal.
        live: whether to print each answer at once instead of in blocks.
    """
    printer = _JsonLines(columns) if in_json(as_json) else _Table(columns)
    async for answer in _each(answers):
        printer.add(answer)
        if live:
            printer.flush()
    printer.flush()
    return printer.count


def note(text: str) -> None:
    """Print a note to stderr, apart from the answer."""
    print(f"acsevents: {escaped(text)}", file=sys.stderr)


class _JsonLines:
    def __init__(self, columns: "Columns") -> None:
        self.count = 0
        self._columns = columns

    def add(self, answer: Answer) -> None:
        fields = _fields(answer)
        sys.stdout.write(json_line({name: fields[name] for name in self._columns if fields.get(name) is not None}))
        sys.stdout.write("\n")
        self.count += 1

    def flush(self) -> None:
        sys.stdout.flush()


class _Table:
    def __init__(self, columns: "Columns") -> None:
        from acsevents.tables import console  # noqa: PLC0415  imports rich, which pipes can do without

        self.count = 0
        self._columns = columns
        self._console = console()
        self._waiting: list[Mapping[str, Any]] = []

    def add(self, answer: Answer) -> None:
        self._waiting.append(_fields(answer))
        self.count += 1
        if len(self._waiting) == _AT_ONCE:
            self.flush()

    def flush(self) -> None:
        from acsevents.tables import print_rows  # noqa: PLC0415  see above

        if self._waiting:
            first = self.count == len(self._waiting)
            print_rows(self._console, self._waiting, self._columns, header=first)
            self._waiting.clear()


def _fields(answer: Answer) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(answer, enc_hook=int)  # Int64
    return fields


async def _each(answers: AsyncIterator[Answer] | Iterable[Answer]) -> AsyncIterator[Answer]:
    if isinstance(answers, AsyncIterator):
        async for answer in answers:
            yield answer
    else:
        for answer in answers:
            yield answer
