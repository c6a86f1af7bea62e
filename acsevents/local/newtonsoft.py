"""JSON as the Functions host reads and writes it on the way from a webhook to a function (Newtonsoft.Json).

More lenient than the standard: `NaN`, raw line breaks in strings, and anything after the first value; comments and
single quotes, which the real one reads too, are refused here, since Event Grid sends none. Stricter: at most 64 levels.
https://www.newtonsoft.com/json/help/html/T_Newtonsoft_Json_JsonTextReader.htm
"""

import json
import math
import re

_DEEPEST = 64
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


class Unreadable(ValueError):  # noqa: N818  what the body is, for an answer of 500 without a word
    """The host cannot read a request body; the message quotes nothing of it."""


def read(text: str) -> object:
    """Read the first JSON value of a text; of duplicate keys the last one wins.

    Raises:
        Unreadable: there is none, or it is nested more than 64 levels deep.
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
    """Write a value without white space, keys in their order, characters beyond ASCII as they are.

    Half an emoji (a lone surrogate) stays the escape that it must have been. What the real host does with it is not
    known: .NET may replace it with U+FFFD. The escape is the harder case for a function, so it is the one rehearsed.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return _LONE_SURROGATE.sub(lambda half: f"\\u{ord(half[0]):04x}", text)


def _double(digits: str) -> float | str:
    number = float(digits)
    # Newtonsoft writes what is no JSON number as a string; `NaN` and its like reach `str` below directly.
    return number if math.isfinite(number) else str(number).replace("inf", "Infinity")


_DECODER = json.JSONDecoder(parse_float=_double, parse_constant=str, strict=False)


def _fits(value: object, levels: int) -> bool:
    if isinstance(value, dict):
        return levels > 0 and all(_fits(member, levels - 1) for member in value.values())
    if isinstance(value, list):
        return levels > 0 and all(_fits(item, levels - 1) for item in value)
    return True
