"""The columns of all tables and their types, derived from `Facts`.

https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model
"""

from collections.abc import Mapping
from enum import StrEnum
from types import NoneType
from typing import Any, Final, get_args

import msgspec

from shared.events.facts import Facts, column_of
from shared.events.jsontext import compact
from shared.events.numbers import Int32, Int64
from shared.events.timestamps import Instant

Value = str | int | bytes
Entity = dict[str, Value]
"""The values of one row by column name, each of the `edm_type` of its column; of an `Int64` column, an `Int64`."""


class Edm(StrEnum):
    """The OData types of Table Storage that this app writes."""

    STRING = "Edm.String"
    DATE_TIME = "Edm.DateTime"
    INT32 = "Edm.Int32"
    INT64 = "Edm.Int64"
    BINARY = "Edm.Binary"


# The columns that are not facts: keys, envelope, and what this app adds.
_OTHER_COLUMNS: Final[Mapping[str, Any]] = {
    **dict.fromkeys(("PartitionKey", "RowKey"), str),
    **dict.fromkeys(("EventId", "EventType", "Subject", "ResourceId", "EnvelopeSchema", "Kind", "Raw"), str),
    **dict.fromkeys(("EventTime", "Redacted"), Instant),
    "Drift": list[str],
    "RecordVersion": Int32,
    **dict.fromkeys(("Reason", "Detail"), str),  # in `DeadLetters`
    "DriftCount": Int32,  # in `Timeline`
    "Rows": list[list[str]],  # in `Timeline`
}
_FACTS: Final = msgspec.structs.fields(Facts)
_EDM_OF: Final[Mapping[Any, Edm]] = {str: Edm.STRING, Instant: Edm.DATE_TIME, Int32: Edm.INT32, Int64: Edm.INT64}


def _type_of(annotation: Any) -> Any:
    """Return `X` for the annotation `X | None`."""
    return next((part for part in get_args(annotation) if part is not NoneType), annotation)


_TYPES: Final = {**_OTHER_COLUMNS, **{field.encode_name: _type_of(field.type) for field in _FACTS}}
COLUMNS: Final[Mapping[str, Edm]] = {name: _EDM_OF.get(kind, Edm.STRING) for name, kind in _TYPES.items()}
"""Every column except the numbered `RawZ0`, `RawZ1` …, which are binary."""

JSON_COLUMNS: Final = frozenset(name for name, kind in _TYPES.items() if kind not in _EDM_OF)
"""The columns with JSON text: those of any type other than text, number or time."""

LISTED_COLUMNS: Final = frozenset(
    column_of(fact)
    for fact in (
        *("number", "peer", "direction", "message_id", "delivery_status", "thread_id", "body", "thread_topic"),
        *("sender_id", "sender_display_name", "recipient_id", "initiator_id"),
        *("participant_id", "participant_display_name", "occurred_at"),
    )
)
"""What a list of events shows: who, to whom, and what. All of them are texts or times."""

EXCERPT_UNITS: Final = 256
"""How much of a text a list shows, in UTF-16 units."""

DATE_TIME_COLUMNS: Final = tuple(name for name, edm in COLUMNS.items() if edm == Edm.DATE_TIME)
COMPRESSED: Final = "RawZ"


def edm_type(column: str) -> Edm:
    """Return the type of a column.

    Raises:
        KeyError: there is no such column.
    """
    return Edm.BINARY if column.startswith(COMPRESSED) else COLUMNS[column]


def _edm_of_instant(value: Instant) -> str:
    return value.edm


_WRITER_OF: Final[Mapping[Any, Any]] = {str: None, Instant: _edm_of_instant, Int32: None, Int64: None}

FACT_COLUMNS: Final = tuple(
    (field.encode_name, _WRITER_OF.get(_type_of(field.type), compact), field.encode_name in LISTED_COLUMNS)
    for field in _FACTS
)
"""Of each fact, in order: its column, what writes its value (None for as it is), and whether lists show it."""
