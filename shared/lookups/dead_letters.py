"""Queries of dead letters: which events could not be recorded, and why."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec

from shared.catalogue import DEAD_LETTERS, FAMILIES
from shared.lookups.filters import EVERYTHING, Filter, all_of, where
from shared.lookups.reader import Reader, Row, moment
from shared.rows.fitting import unpack

_LISTED: Final = ("PartitionKey", "RowKey", "Timestamp", "Reason", "Detail", "EventId", "EventType")


class DeadLetter(msgspec.Struct, frozen=True):
    """One event that could not be recorded.

    Attributes:
        id: a digest of its text, unique within its function.
        time: when it was written, as Edm.DateTime.
        function: the function that received it.
        reason: a value of the `Reason` column, such as `missing_key`.
        detail: problem and JSON path, without personal data.
        event_type: the event's type, if it could be read.
        event_id: the event's id, if it could be read.
        raw: the event's text, or bytes if it is not UTF-8; None if it was not requested or is damaged.
    """

    id: str
    time: str
    function: str
    reason: str
    detail: str
    event_type: str | None = None
    event_id: str | None = None
    raw: str | bytes | None = None

    def readable(self) -> dict[str, Any]:
        """Return the fields that are set; bytes that are not UTF-8 become escapes in the text."""
        raw = self.raw.decode("utf-8", "backslashreplace") if isinstance(self.raw, bytes) else self.raw
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None} | {"raw": raw}

    def __repr__(self) -> str:
        """Show function and reason, which hold no personal data."""
        return f"<DeadLetter in {self.function}: {self.reason}>"


class DeadLetterLookups(Reader):
    """Queries of dead letters."""

    async def dead_letters(
        self, *, reason: str | None = None, since: int | None = None, with_text: bool = False
    ) -> AsyncGenerator[DeadLetter]:
        """Yield the dead letters with a reason, written since the given ticks; function by function, else unordered."""
        asked = all_of(
            EVERYTHING if reason is None else where("Reason", "eq", reason),
            EVERYTHING if since is None else where("Timestamp", "ge", moment(since)),
        )
        async for row in self.rows(DEAD_LETTERS, asked, select=None if with_text else _LISTED):
            yield _dead_letter(row)

    async def dead_letter(self, id_: str) -> DeadLetter | None:
        """Return one dead letter with its text, or None."""
        for family in FAMILIES:
            row = await self.first(DEAD_LETTERS, _at(family.function, id_))
            if row is not None:
                return _dead_letter(row)
        return None


def _at(function: str, id_: str) -> Filter:
    return all_of(where("PartitionKey", "eq", function), where("RowKey", "eq", id_))


def _dead_letter(row: Row) -> DeadLetter:
    return DeadLetter(
        id=str(row["RowKey"]),
        time=str(row.get("Timestamp") or ""),
        function=str(row["PartitionKey"]),
        reason=str(row.get("Reason") or ""),
        detail=str(row.get("Detail") or ""),
        event_type=_text(row.get("EventType")),
        event_id=_text(row.get("EventId")),
        raw=_raw(row),
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _raw(row: Row) -> str | bytes | None:
    try:
        return unpack(row)
    except ValueError:
        return None
