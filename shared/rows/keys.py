"""Keys that Table Storage accepts, that can be read back, and that never collide by accident.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

import re
from hashlib import blake2b

from shared.events import timestamps

_FORBIDDEN = re.compile(r"[/\\#?%\x00-\x1f\x7f-\x9f]")
_ESCAPED = re.compile(r"(?:%[0-9A-F]{2})+")
_LONGEST = 250  # the service takes 512 UTF-16 units; row keys join a key with 37 more characters
_KEPT = 200


def key(text: str) -> str:
    """Write text as a key: what Table Storage forbids, and `%`, as `%XX` of its UTF-8 bytes.

    Over 250 UTF-16 units the first 200 are kept and `~` and a digest of the whole are appended; shorter keys are
    read back by `text_of`.
    """
    written = _FORBIDDEN.sub(_escape, text) if _FORBIDDEN.search(text) else text
    if utf16_units(written) <= _LONGEST:
        return written
    return f"{cut(written, _KEPT)}~{digest(text.encode())}"


def text_of(written: str) -> str:
    """Read back the text of a key that was not shortened."""
    return _ESCAPED.sub(lambda run: bytes.fromhex(run[0].replace("%", "")).decode(), written)


def digest(content: bytes) -> str:
    """16 hex digits of BLAKE2b: 64 bits, so that a billion rows of one partition and one tick do not collide."""
    return blake2b(content, digest_size=8).hexdigest()


def newest_first(ticks: int, event_digest: str) -> str:
    """RowKey under which the newest event of a partition comes first."""
    return f"{timestamps.reverse(ticks)}~{event_digest}"


def by_message(message_id: str, ticks: int, event_digest: str) -> str:
    """RowKey under which all events of one message lie together, oldest first."""
    return f"{key(message_id)}~{timestamps.forward(ticks)}~{event_digest}"


def utf16_units(text: str) -> int:
    """Length as Table Storage counts it: an emoji is two units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def cut(text: str, units: int) -> str:
    """Keep the first `units` UTF-16 units, without splitting a character."""
    if text.isascii():
        return text[:units]
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")


def _escape(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode())
