"""Keys that Table Storage accepts, that can be read back, and that never collide by accident.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

import re

from shared.events.digest import digest
from shared.events.timestamps import forward, reverse, ticks_of_reversed
from shared.rows.text import cut, utf16_units

# No stored key holds a per cent sign: the vendor has documented that operations with the key in the path decode it
# twice, and transactions do not.
_ESCAPED_CHARACTERS = re.compile(r"[/\\#?%=\x00-\x1f\x7f-\x9f]")
_ESCAPES = re.compile(r"(?:=[0-9A-F]{2})+")
_NEWEST_FIRST = re.compile(r"([0-9]{19})~([0-9a-f]{16})")
_BY_MESSAGE = re.compile(r".*~([0-9]{19})~([0-9a-f]{16})", re.DOTALL)
_LONGEST = 250  # the service takes 512 UTF-16 units; row keys join a key with 37 more characters
_KEPT = 200


def key(text: str) -> str:
    """Write text as a key: what Table Storage forbids, `%` and `=` as `=XX` of their UTF-8 bytes.

    Over 250 UTF-16 units the first 200 are kept and `~` and a digest of the whole are appended; shorter keys are
    read back by `text_of`.
    """
    written = _ESCAPED_CHARACTERS.sub(_escape, text) if _ESCAPED_CHARACTERS.search(text) else text
    if utf16_units(written) <= _LONGEST:
        return written
    return f"{cut(written, _KEPT)}~{digest(text.encode())}"


def text_of(written: str) -> str:
    """Read back the text of a key that was not shortened."""
    return _ESCAPES.sub(lambda run: bytes.fromhex(run[0].replace("=", "")).decode(), written)


def newest_first(ticks: int, event_digest: str) -> str:
    """Return the RowKey under which the newest event of a partition comes first."""
    return f"{reverse(ticks)}~{event_digest}"


def ticks_and_digest(row_key: str) -> tuple[int, str]:
    """Read back what `newest_first` was given.

    Raises:
        ValueError: no such RowKey.
    """
    found = _NEWEST_FIRST.fullmatch(row_key)
    if found is None:
        raise ValueError("no RowKey of an event")
    return ticks_of_reversed(found[1]), found[2]


def by_message(message_id: str, ticks: int, event_digest: str) -> str:
    """Return the RowKey under which all events of one message lie together, oldest first."""
    return f"{key(message_id)}~{forward(ticks)}~{event_digest}"


def ticks_and_digest_by_message(row_key: str) -> tuple[int, str]:
    """Read back ticks and digest of what `by_message` was given.

    Raises:
        ValueError: no such RowKey.
    """
    found = _BY_MESSAGE.fullmatch(row_key)
    if found is None:
        raise ValueError("no RowKey of an event")
    return int(found[1]), found[2]


def _escape(match: re.Match[str]) -> str:
    return "".join(f"={byte:02X}" for byte in match[0].encode())
