"""Keys: accepted by Table Storage, reversible, and unique to their event.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

import re
from typing import Final

from shared.events.digest import digest
from shared.events.timestamps import forward, reverse, ticks_of_reversed
from shared.rows.text import cut, utf16_units

# No stored key has a per cent sign: the vendor documents that operations with the key in the URL path decode it
# twice, and that transactions do not.
_ESCAPED_CHARACTERS = re.compile(r"[/\\#?%=\x00-\x1f\x7f-\x9f]")
_ESCAPES = re.compile(r"(?:=[0-9A-F]{2})+")
_NEWEST_FIRST = re.compile(r"([0-9]{19})~([0-9a-f]{16})")
_BY_MESSAGE = re.compile(r".*~([0-9]{19})~([0-9a-f]{16})", re.DOTALL)
LONGEST: Final = 250  # the service allows 512 UTF-16 units; a RowKey adds up to 37 characters to a key
_KEPT = 200


def key(text: str) -> str:
    """Return text as a key: characters that Table Storage forbids, `%` and `=` become `=XX` of their UTF-8 bytes.

    A key over 250 UTF-16 units is cut to 200, then `~` and a digest of the whole text are appended. `text_of` reverses
    shorter keys.
    """
    written = _ESCAPED_CHARACTERS.sub(_escape, text) if _ESCAPED_CHARACTERS.search(text) else text
    if len(written) <= LONGEST // 2 or utf16_units(written) <= LONGEST:
        return written
    return f"{cut(written, _KEPT)}~{digest(text.encode())}"


def text_of(written: str) -> str:
    """Return the text of a key that was not cut."""
    return _ESCAPES.sub(lambda run: bytes.fromhex(run[0].replace("=", "")).decode(), written)


def newest_first(ticks: int, event_digest: str) -> str:
    """Return the RowKey that sorts the newest event of a partition first."""
    return f"{reverse(ticks)}~{event_digest}"


def ticks_and_digest(row_key: str) -> tuple[int, str]:
    """Return the ticks and digest that `newest_first` was given.

    Raises:
        ValueError: not such a RowKey.
    """
    found = _NEWEST_FIRST.fullmatch(row_key)
    if found is None:
        raise ValueError("not the RowKey of an event")
    return ticks_of_reversed(found[1]), found[2]


def by_message(message_id: str, ticks: int, event_digest: str) -> str:
    """Return the RowKey that groups the events of a message, oldest first."""
    return f"{key(message_id)}~{forward(ticks)}~{event_digest}"


def ticks_and_digest_by_message(row_key: str) -> tuple[int, str]:
    """Return the ticks and digest that `by_message` was given.

    Raises:
        ValueError: not such a RowKey.
    """
    found = _BY_MESSAGE.fullmatch(row_key)
    if found is None:
        raise ValueError("not the RowKey of an event")
    return int(found[1]), found[2]


def _escape(match: re.Match[str]) -> str:
    return "".join(f"={byte:02X}" for byte in match[0].encode())
