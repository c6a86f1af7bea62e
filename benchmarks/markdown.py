"""Tables as Markdown has them."""

from collections.abc import Iterable


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """Write a table, one line a row, and an empty line behind it."""
    lines = [header, tuple("---" for _ in header), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]
