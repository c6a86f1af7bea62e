"""The documented limits of Table Storage, written down a second time and without the app's own code.

The emulator keeps few of them, so every row of the tests goes past this one.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

import re
from collections.abc import Mapping
from datetime import datetime

from shared.events.numbers import Int64
from tests.documented import EDM_TYPES

_KIBI = 1024
_KEY_UNITS = 512  # 1 KiB of UTF-16
_OWN_PROPERTIES = 252  # 255, less PartitionKey, RowKey and Timestamp
_TIMESTAMP_BYTES = 8 + 2 * len("Timestamp") + 8
_KEYS = ("PartitionKey", "RowKey")
_FORBIDDEN_IN_KEYS = {*"/\\#?", *map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))}
_DATE_TIMES = {column for column, edm in EDM_TYPES.items() if edm == "Edm.DateTime"}
_INT64S = {column for column, edm in EDM_TYPES.items() if edm == "Edm.Int64"}
_HALF_AN_EMOJI = re.compile("[\ud800-\udfff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z", re.ASCII)


def violations(entity: Mapping[str, object]) -> list[str]:
    """Return every limit that an entity violates; an empty list means that the service accepts the row."""
    found = [problem for key in _KEYS for problem in _key_problems(key, entity.get(key))]
    own = {name: value for name, value in entity.items() if name not in _KEYS}
    if len(own) > _OWN_PROPERTIES:
        found.append(f"{len(own)} properties")
    for name, value in own.items():
        if _NAME.fullmatch(name) is None or name == "Timestamp":
            found.append(f"property name {name!r}")
        found += [f"{name}: {problem}" for problem in _value_problems(name, value)]
    size = 4 + _TIMESTAMP_BYTES + 2 * sum(_units(str(entity.get(key))) for key in _KEYS)
    size += sum(8 + 2 * _units(name) + _size(name, value) for name, value in own.items())
    if size > _KIBI * _KIBI:
        found.append(f"{size} bytes")
    return found


def _key_problems(name: str, value: object) -> list[str]:
    if not isinstance(value, str):
        return [f"{name}: no string"]
    problems = [f"{name}: holds U+{ord(character):04X}" for character in value if character in _FORBIDDEN_IN_KEYS]
    if _units(value) > _KEY_UNITS:
        problems.append(f"{name}: {_units(value)} units")
    return problems + _surrogate_problems(value)


def _value_problems(name: str, value: object) -> list[str]:
    if isinstance(value, bytes):
        return ["over 64 KiB"] if len(value) > 64 * _KIBI else []
    if isinstance(value, int) and type(value) is (Int64 if name in _INT64S else int):
        bits = 63 if name in _INT64S else 31
        return [] if -(2**bits) <= value < 2**bits else ["out of range"]
    if not isinstance(value, str):
        return [f"a {type(value).__name__}"]
    if name in _DATE_TIMES:
        return _date_time_problems(value)
    if name in _INT64S:
        return ["no integer"]
    return (["over 64 KiB"] if 2 * _units(value) > 64 * _KIBI else []) + _surrogate_problems(value)


def _date_time_problems(value: str) -> list[str]:
    if _DATE_TIME.fullmatch(value) is None:
        return ["no Edm.DateTime of seven digits"]
    earliest = datetime.fromisoformat("1601-01-01T00:00:00Z")
    return [] if datetime.fromisoformat(value) >= earliest else ["before 1601"]


def _surrogate_problems(text: str) -> list[str]:
    return ["half an emoji"] if _HALF_AN_EMOJI.search(text) else []


def _size(name: str, value: object) -> int:
    if isinstance(value, bytes):
        return 4 + len(value)
    if isinstance(value, str) and name not in _DATE_TIMES:
        return 4 + 2 * _units(value)
    return 4 if isinstance(value, int) and name not in _INT64S else 8


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
