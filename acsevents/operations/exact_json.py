"""Read, change and write JSON values; numbers and lone surrogates stay as they were written."""

import json
from typing import Any


class Number(str):
    """A number exactly as the JSON text has it."""

    __slots__ = ()


def parse(text: str) -> Any:
    """Read a JSON value; the last of duplicate members wins, and a byte order mark is skipped.

    Raises:
        ValueError: not JSON.
        RecursionError: nested deeper than Python can follow.
    """
    return json.loads(text.removeprefix("\ufeff"), parse_float=Number, parse_int=Number, parse_constant=Number)


def write(value: Any) -> str:
    """Return a value as JSON in ASCII, without spaces.

    Raises:
        RecursionError: nested deeper than Python can follow.
    """
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, list):
        return f"[{','.join(write(part) for part in value)}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{json.dumps(name)}:{write(part)}' for name, part in value.items())}}}"
    return json.dumps(value)
