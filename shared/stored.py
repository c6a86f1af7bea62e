"""The event of a stored row, decoded again from the text that the row keeps."""

from collections.abc import Mapping

import msgspec

from shared.decoder import decode
from shared.errors import NotAnEvent
from shared.events.event import Event
from shared.events.timestamps import Instant
from shared.rows.fitting import unpack
from shared.rows.keys import ticks_and_digest, ticks_and_digest_by_message


def event_of(row: Mapping[str, object]) -> Event:
    """Decode the event of a row of any record table with today's code.

    The text of a redacted row is not the one that its keys were made of: ticks and digest are taken from the row.

    Raises:
        ContentError: the row keeps no event that can be read.
    """
    event = decode(text_of(row))
    redacted = row.get("Redacted")
    if redacted is None:
        return event
    try:
        ticks, digest = time_and_digest_of(str(row["RowKey"]))
        return msgspec.structs.replace(event, ticks=ticks, digest=digest, redacted=_instant(redacted))
    except ValueError as error:
        raise NotAnEvent(f"a redacted row whose key or date cannot be read: {error}") from None


def text_of(row: Mapping[str, object]) -> str | bytes:
    """Return the text that a row keeps.

    Raises:
        NotAnEvent: it keeps none, or one that somebody damaged.
    """
    try:
        return unpack(row)
    except ValueError:
        raise NotAnEvent("the row keeps no text that can be read") from None


def time_and_digest_of(row_key: str) -> tuple[int, str]:
    """Read back ticks and digest from the RowKey of a record, in whichever of its tables.

    Raises:
        ValueError: no such RowKey.
    """
    try:
        return ticks_and_digest(row_key)
    except ValueError:
        return ticks_and_digest_by_message(row_key)


def _instant(value: object) -> Instant:
    # azure-data-tables reads a time to the microsecond, and keeps beside it what the service wrote.
    return Instant.parse(getattr(value, "tables_service_value", value))
