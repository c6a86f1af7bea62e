"""JSON values that are changed in parts and written again: numbers stay as they are spelled, half emoji too."""

import json
from typing import Any


class Number(str):
    """A number exactly as it stands in the JSON text."""

    __slots__ = ()


def parse(text: str) -> Any:
    """Read a JSON value, of two members of one name the last; a byte order mark is skipped.

    Raises:
        ValueError: not JSON.
        RecursionError: nested deeper than Python can follow.
    """
    return json.loads(text.removeprefix("\ufeff"), parse_float=Number, parse_int=Number, parse_constant=Number)


def write(value: Any) -> str:
    """Write a value without spaces, in ASCII.

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
