"""Split JSON text into its parts without rewriting them, so that `1e2` or a lone surrogate stays as published."""

import json
from collections.abc import Iterator, Mapping
from json.decoder import WHITESPACE  # type: ignore[attr-defined]  # typeshed leaves the constant out
from typing import Any, NamedTuple


class Part(NamedTuple):
    """An element of an array or a member of an object: name ("" for an element), value and text."""

    name: str
    value: Any
    text: str


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


# parse_int: an integer of 5,000 digits is valid JSON, but int() refuses it.
_DECODER = json.JSONDecoder(parse_int=float, parse_constant=_refuse)


def parts(text: str, kind: type[list[Any] | dict[str, Any]]) -> Iterator[Part]:
    """Yield the elements of a JSON array or the members of a JSON object in order, repeated names included.

    Raises:
        ValueError: the text is not one JSON value of that kind.
        RecursionError: the text is nested too deeply for Python.
    """
    opening, closing = "[]" if kind is list else "{}"
    at = _skip(text, _expect(text, _skip(text, 0), opening))
    more = text[at : at + 1] != closing
    while more:
        name = ""
        if kind is dict:
            name, at = _DECODER.raw_decode(text, at)
            at = _skip(text, _expect(text, _skip(text, at), ":"))
        value, end = _DECODER.raw_decode(text, at)
        yield Part(name, value, text[at:end])
        at = _skip(text, end)
        more = text[at : at + 1] != closing
        if more:
            at = _skip(text, _expect(text, at, ","))
    if _skip(text, at + 1) != len(text):
        raise json.JSONDecodeError("Extra data", text, at + 1)


def extended(text: bytes, extra: Mapping[str, object]) -> bytes:
    """Return the text of a JSON object with members appended; the object must not be empty."""
    return text.rstrip()[:-1].rstrip() + b"," + json.dumps(extra).encode()[1:] if extra else text


def _skip(text: str, at: int) -> int:
    end: int = WHITESPACE.match(text, at).end()
    return end


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"Expecting '{mark}'", text, at)
    return at + 1
