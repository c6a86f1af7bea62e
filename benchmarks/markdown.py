"""Markdown tables."""

from collections.abc import Iterable


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Return a table, one line per row, with an empty line after it."""
    lines = [header, tuple("---" for _ in header), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]
