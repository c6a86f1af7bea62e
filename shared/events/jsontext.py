"""Parse JSON text, and write values in one canonical form, without loss.

msgspec parses nearly every text; the standard library parses the rest (escapes of lone surrogates, NaN). Numbers with
a fraction or an exponent become `Decimal`, so that `1e999` can be read and `0.1` keeps its exact value.
"""

import json
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

import msgspec

from shared.errors import NotJson

Model = TypeVar("Model")

_BOM = "\ufeff"


class Document(msgspec.Struct, gc=False):
    """A parsed text.

    Attributes:
        exact: the value exactly as written.
        cleaned: the value as columns can hold it: lone surrogates (half an emoji) replaced by U+FFFD, NaN as a float;
            None if the exact value needs no cleaning, as is nearly always the case.
    """

    exact: object
    cleaned: object | None = None

    @property
    def clean(self) -> object:
        """The value as columns can hold it."""
        return self.exact if self.cleaned is None else self.cleaned


def _number(text: str) -> Decimal | msgspec.Raw:
    try:
        return Decimal(text)
    except InvalidOperation:  # the exponent is out of range for Decimal: keep the digits as written
        return msgspec.Raw(text.encode())


def decoder_of(model: type[Model]) -> msgspec.json.Decoder[Model]:
    """Return what decodes a text into a model in one step; it raises for all that `parse` treats as a special case."""
    return msgspec.json.Decoder(model, float_hook=_number)


_DECODER = msgspec.json.Decoder(float_hook=_number)
_CANONICAL = msgspec.json.Encoder(order="sorted", decimal_format="number", enc_hook=int)  # for Int64


def parse(text: str | bytes) -> Document:
    """Parse one JSON value; skip a byte order mark.

    Raises:
        NotJson: the text is not UTF-8, is not one JSON value, or is nested too deeply for Python.
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
            return Document(exact, _map_leaves(exact, _cleaned))
        return Document(value)
    except RecursionError:
        raise NotJson("nested too deeply") from None
    except UnicodeDecodeError as error:
        raise NotJson(f"not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise NotJson(f"{error.msg} at character {error.pos}") from None
    except ValueError:  # CPython's limit on the digits of one integer
        raise NotJson("an integer of more digits than can be read") from None


def canonical(value: object) -> bytes:
    """Encode a parsed value as bytes: the same bytes for equal values in any key order, and for no others."""
    try:
        return _CANONICAL.encode(value)
    except UnicodeEncodeError:
        return b"surrogates:" + _CANONICAL.encode(_map_leaves(value, _as_bytes))


def compact(value: object) -> str:
    """Write a cleaned value as compact JSON text for a column, with sorted keys."""
    return _CANONICAL.encode(value).decode()


def _cleaned(leaf: Any) -> Any:
    if isinstance(leaf, str):
        return leaf.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(leaf, Decimal) and not leaf.is_finite():
        return float(leaf)  # msgspec writes it as null, which is valid JSON
    return leaf


def _as_bytes(leaf: Any) -> Any:
    # Latin-1 maps each byte of the UTF-8 to one character, so different texts stay different.
    return leaf.encode("utf-8", "surrogatepass").decode("latin-1") if isinstance(leaf, str) else leaf


def _map_leaves(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, (list, tuple)):
        return [_map_leaves(item, change) for item in value]
    if isinstance(value, dict):
        return {change(name): _map_leaves(item, change) for name, item in value.items()}
    return change(value)
