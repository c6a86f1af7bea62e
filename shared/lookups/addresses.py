"""Phone numbers as people write them."""

import re
from typing import Final

from shared.events.identifiers import e164

_NATIONAL_ZERO: Final = re.compile(r"\(0\)")
_PUNCTUATION: Final = re.compile(r"[\s().\-/\u2010-\u2015]")
_INTERNATIONAL: Final = re.compile(r"(?:\+|00)(?=[1-9])")
_DIGITS: Final = re.compile(r"\+?[0-9]+")


def address(written: str) -> str:
    """Return an address as rows have it: `+1 (555) 555-0100` becomes `+15555550100`, `Contoso` is unchanged.

    `00` before a country code becomes `+`, and `(0)` after one is left out.
    """
    stripped = written.strip()
    number = _NATIONAL_ZERO.sub("", stripped) if _INTERNATIONAL.match(stripped) else stripped
    number = _PUNCTUATION.sub("", number)
    if not _DIGITS.fullmatch(number):
        return stripped
    return e164(_INTERNATIONAL.sub("+", number, count=1) if number.startswith("00") else number)
