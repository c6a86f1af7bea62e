"""Fit rows into the limits of the service, which the emulator does not enforce.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

import re
import zlib
from collections.abc import Iterable, Mapping
from typing import Final

from shared.events.jsontext import compact
from shared.rows.columns import COMPRESSED, DATE_TIME_COLUMNS, JSON_COLUMNS, Entity, Value
from shared.rows.text import cut, utf16_units

TEXT_UNITS: Final = 31_000  # a string property holds 32,768 UTF-16 units; some clients add a terminator
CHUNK_BYTES: Final = 60_000  # a binary property holds 65,536 bytes
ENTITY_BYTES: Final = 1_048_576 - 2_048  # 1 MiB, less the system properties
PACKED_BYTES: Final = ENTITY_BYTES - 16_384  # leaves room for the small columns and `Drift` beside any text
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")
_DRIFT_BYTES: Final = 8_192  # reserved for `Drift`, which may use more if there is room
_DRIFT_OVERHEAD: Final = 8 + 2 * len("Drift") + 4


def pack(text: str | bytes, *, is_json: bool = False) -> Entity:
    """Return the columns that hold a whole text: `Raw` if it fits a string, else compressed in `RawZ0`, `RawZ1` ….

    Args:
        text: the text.
        is_json: whether the text is known to be JSON, which has no control characters but may have lone surrogates.
    """
    if isinstance(text, str) and _is_short(text) and (_is_utf8(text) if is_json else _is_printable(text)):
        return {"Raw": text}
    content = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    packed = zlib.compress(content)
    chunks = range(0, len(packed), CHUNK_BYTES)
    return {f"{COMPRESSED}{number}": packed[at : at + CHUNK_BYTES] for number, at in enumerate(chunks)}


def unpack(entity: Mapping[str, object]) -> str | bytes:
    """Return the text that `pack` was given; as bytes only if it was not UTF-8.

    Raises:
        ValueError: the entity holds no text, or a damaged one.
    """
    if "Raw" in entity:
        return str(entity["Raw"])
    chunks: list[object] = []
    while (chunk := entity.get(f"{COMPRESSED}{len(chunks)}")) is not None:
        chunks.append(chunk)
    try:
        content = zlib.decompress(b"".join(chunk for chunk in chunks if isinstance(chunk, bytes)))
    except zlib.error:
        raise ValueError("no text, or a damaged one") from None
    try:
        return content.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return content


def fit(columns: Mapping[str, Value], fixed: Entity, *, spare: int = _DRIFT_BYTES) -> tuple[Entity, list[str]]:
    """Return the columns that fit a row with the fixed ones and `spare` bytes, and notes of what was cut or left out.

    Texts are cut at 31,000 UTF-16 units. JSON is left out instead, since a part of it cannot be parsed. If there is
    too little room, the largest columns are left out.
    """
    drift: list[str] = []
    shortened: Entity = {}
    for name, value in columns.items():
        if not isinstance(value, str) or utf16_units(value) <= TEXT_UNITS:
            shortened[name] = value
        elif name in JSON_COLUMNS:
            drift.append(f"{name}: left out, over {TEXT_UNITS} UTF-16 units")
        else:
            shortened[name] = cut(value, TEXT_UNITS)
            drift.append(f"{name}: cut at {TEXT_UNITS} UTF-16 units")
    fitted: Entity = {}
    room = ENTITY_BYTES - spare - entity_bytes(fixed)
    for name, value in sorted(shortened.items(), key=lambda column: property_bytes(*column)):
        room -= property_bytes(name, value)
        if room >= 0:
            fitted[name] = value
        else:
            drift.append(f"{name}: left out, the row is full")
    return fitted, drift


def drift_column(drift: Iterable[str], room: int = ENTITY_BYTES) -> Entity:
    """Return the column with drift notes as a JSON array of at most `room` bytes; a last note counts those left out."""
    notes = list(drift)
    if not notes:
        return {}
    written = compact(notes)
    units = min(TEXT_UNITS, (room - _DRIFT_OVERHEAD) // 2)
    kept = len(notes)
    while kept and utf16_units(written) > units:
        kept //= 2
        written = compact([*notes[:kept], f"$: and {len(notes) - kept} more"])
    return {"Drift": written}


def entity_bytes(entity: Mapping[str, Value]) -> int:
    """Return the size of an entity in bytes, as the service counts it."""
    return 4 + sum(property_bytes(name, value) for name, value in entity.items())


def property_bytes(name: str, value: Value) -> int:
    """Return the size of a property in bytes, as the service counts it, including its name."""
    if isinstance(value, str):
        size = 8 if name in DATE_TIME_COLUMNS else 4 + 2 * utf16_units(value)
    elif isinstance(value, bytes):
        size = 4 + len(value)
    else:
        size = 8
    return 8 + 2 * len(name) + size


def _is_short(text: str) -> bool:
    # No character takes more than two units; counting them costs more than all else that is done here.
    return len(text) <= TEXT_UNITS // 2 or utf16_units(text) <= TEXT_UNITS


def _is_utf8(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:  # half an emoji
        return False
    return True


def _is_printable(text: str) -> bool:
    # Text that is not JSON may have control characters, and a lone surrogate has no UTF-8 encoding.
    return text.isprintable() or _UNPRINTABLE.search(text) is None
