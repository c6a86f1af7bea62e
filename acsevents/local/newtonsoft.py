"""JSON as the Functions host (Newtonsoft.Json) parses and writes it between a webhook and a function.

It accepts `NaN`, raw line breaks in strings, and any text after the first value. The real Newtonsoft.Json also
accepts comments and single quotes, which Event Grid never sends. It allows only 64 levels of nesting.
https://www.newtonsoft.com/json/help/html/T_Newtonsoft_Json_JsonTextReader.htm
"""

import json
import math
import re

_DEEPEST = 64
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Unreadable(ValueError):  # noqa: N818  an adjective for the request body
    """The host cannot parse a request body; the message does not quote it."""


def parse(text: str) -> object:
    """Parse the first JSON value of a text; the last of duplicate keys wins.

    Raises:
        Unreadable: there is no JSON value, or it is nested more than 64 levels deep.
    """
    try:
        value, _ = _DECODER.raw_decode(text.lstrip())
    except json.JSONDecodeError as error:
        raise Unreadable(f"{error.msg} at character {error.pos}") from None
    except ValueError:  # CPython's limit on the digits of one integer; Newtonsoft's is lower still
        raise Unreadable("an integer of too many digits") from None
    except RecursionError:
        raise Unreadable(f"nested deeper than {_DEEPEST} levels") from None
    if not _fits(value, _DEEPEST):
        raise Unreadable(f"nested deeper than {_DEEPEST} levels")
    return value


def compact(value: object) -> str:
    """Return a value as JSON without white space, with keys in order and without escapes of non-ASCII characters.

    A lone surrogate is written as an escape. What the real host does with it is unknown: .NET may replace it with
    U+FFFD. The escape is the harder case for a function, so it is the one to test with.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _LONE_SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _double(digits: str) -> float | str:
    number = float(digits)
    # Newtonsoft writes a number that JSON does not have as a string; `parse_constant` below does so for `NaN`.
    return number if math.isfinite(number) else str(number).replace("inf", "Infinity")


_DECODER = json.JSONDecoder(parse_float=_double, parse_constant=str, strict=False)


def _fits(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels > 0 and all(_fits(member, levels - 1) for member in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_fits(item, levels - 1) for item in value)
    return True
