"""Cuts JSON text into its parts without rewriting them: `1e2` and half an emoji travel as they were published."""

import json
from collections.abc import Iterator, Mapping
from json.decoder import WHITESPACE  # type: ignore[attr-defined]  # typeshed leaves the constant out
from typing import Any, NamedTuple


class Part(NamedTuple):
    """One element of an array or one member of an object.

    Attributes:
        name: the member's name, "" for an element.
        value: the parsed value; every number is a float, as wide as any filter compares.
        text: the value exactly as it stood.
    """

    name: str
    value: Any
    text: str


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


# parse_int: an integer of 5,000 digits is JSON, yet int() refuses it.
_DECODER = json.JSONDecoder(parse_int=float, parse_constant=_refuse)


def elements(text: str) -> Iterator[Part]:
    """Yield the elements of a JSON array in order.

    Raises:
        ValueError: the text is not one JSON array.
        RecursionError: it is nested deeper than Python can follow.
    """
    return _parts(text, "[", "]")


def members(text: str) -> Iterator[Part]:
    """Yield the members of a JSON object in order, repeated names included; raises as `elements` does."""
    return _parts(text, "{", "}")


def extended(text: bytes, extra: Mapping[str, object]) -> bytes:
    """Return a JSON object's text with members added at its end, everything else untouched.

    The object must have at least one member already.
    """
    if not extra:
        return text
    return text.rstrip()[:-1].rstrip() + b"," + json.dumps(extra).encode()[1:]


def _parts(text: str, opening: str, closing: str) -> Iterator[Part]:
    at = _expect(text, _skip(text, 0), opening)
    if text[at : at + 1] == closing:
        at += 1
    else:
        while True:
            name = ""
            if opening == "{":
                name, at = _DECODER.raw_decode(text, at)
                at = _expect(text, _skip(text, at), ":")
            value, end = _DECODER.raw_decode(text, at)
            yield Part(name, value, text[at:end])
            at = _skip(text, end)
            if text[at : at + 1] == closing:
                at += 1
                break
            at = _expect(text, at, ",")
    if _skip(text, at) != len(text):
        raise json.JSONDecodeError("Extra data", text, at)


def _skip(text: str, at: int) -> int:
    end: int = WHITESPACE.match(text, at).end()
    return end


def _expect(text: str, at: int, mark: str) -> int:
    if text[at : at + 1] != mark:
        raise json.JSONDecodeError(f"Expecting '{mark}'", text, at)
    return _skip(text, at + 1)
