"""JSON text to values and back to one canonical form, without losing what other parsers lose.

msgspec reads nearly everything; the standard library reads the rest (the escape of half an emoji, NaN). Numbers with
a fraction or an exponent become `Decimal`, so that `1e999` is read and `0.1` keeps all its digits.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import NamedTuple

import msgspec

from shared.errors import NotJson

_BOM = "\ufeff"


class Document(NamedTuple):
    """A parsed text.

    Attributes:
        exact: the value as the text says it.
        clean: the same with half emoji (lone surrogates) as U+FFFD, since no UTF-8 column can hold them.
    """

    exact: object
    clean: object


def _number(text: str) -> Decimal | str:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent beyond what Decimal counts: keep the digits, lose only the type
        return text


_DECODER = msgspec.json.Decoder(float_hook=_number)
_CANONICAL = msgspec.json.Encoder(order="sorted", decimal_format="number")


def parse(text: str | bytes) -> Document:
    """Read one JSON value; a byte order mark is skipped.

    Raises:
        NotJson: not UTF-8, not one JSON value, or nested deeper than Python can follow.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8")
        if text.startswith(_BOM):
            text = text[1:]
        try:
            value = _DECODER.decode(text)
        except (msgspec.MsgspecError, UnicodeEncodeError):
            exact = json.loads(text, parse_float=_number, parse_constant=Decimal)
            return Document(exact, _without_lone_surrogates(exact))
        return Document(value, value)
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}") from None
    except ValueError:  # CPython's limit on the digits of one integer
        raise NotJson("an integer of more digits than can be read") from None


def canonical(value: object) -> bytes:
    """Write a parsed value so that equal values give equal bytes whatever their key order, different ones never."""
    try:
        return _CANONICAL.encode(value)
    except UnicodeEncodeError:
        return b"surrogates:" + _CANONICAL.encode(_as_bytes(value))


def compact(value: object) -> str:
    """Write a clean value as JSON text for a column, keys sorted."""
    return _CANONICAL.encode(value).decode()


def _without_lone_surrogates(value: object) -> object:
    return _map_strings(value, lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))


def _as_bytes(value: object) -> object:
    # Latin-1 spells the bytes of UTF-8 one by one: different texts stay different.
    return _map_strings(value, lambda text: text.encode("utf-8", "surrogatepass").decode("latin-1"))


def _map_strings(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [_map_strings(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): _map_strings(item, change) for name, item in value.items()}
    return value
