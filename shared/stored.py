"""Decode the event of a stored row again, from the text that the row holds."""

from collections.abc import Mapping

import msgspec

from shared.decoder import decode
from shared.errors import NotAnEvent
from shared.events.event import Event
from shared.events.timestamps import Instant
from shared.rows.fitting import unpack
from shared.rows.keys import ticks_and_digest, ticks_and_digest_by_message


def event_of(row: Mapping[str, object]) -> Event:
    """Decode the event of a record row with the current code.

    The keys of a redacted row were built from the original text, so its ticks and digest are read from its RowKey.

    Raises:
        ContentError: the row holds no readable event.
    """
    event = decode(text_of(row))
    redacted = row.get("Redacted")
    if redacted is None:
        return event
    try:
        ticks, digest = time_and_digest_of(str(row["RowKey"]))
        return msgspec.structs.replace(event, ticks=ticks, digest=digest, redacted=_instant(redacted))
    except ValueError as error:
        raise NotAnEvent(f"the RowKey or date of this redacted row cannot be read: {error}") from None


def text_of(row: Mapping[str, object]) -> str | bytes:
    """Return the event text that a row holds.

    Raises:
        NotAnEvent: the row holds no text, or a damaged one.
    """
    try:
        return unpack(row)
    except ValueError:
        raise NotAnEvent("the row holds no readable text") from None


def time_and_digest_of(row_key: str) -> tuple[int, str]:
    """Return the ticks and digest in the RowKey of a record row of any table.

    Raises:
        ValueError: not the RowKey of a record.
    """
    try:
        return ticks_and_digest(row_key)
    except ValueError:
        return ticks_and_digest_by_message(row_key)


def _instant(value: object) -> Instant:
    # azure-data-tables cuts times to microseconds; `tables_service_value` is the text that the service sent.
    return Instant.parse(getattr(value, "tables_service_value", value))
