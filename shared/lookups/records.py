"""One event whole: what is recorded of it, and where."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec

from shared.catalogue import FAMILIES, TIMELINE
from shared.events.timestamps import edm
from shared.lookups.filters import Filter, all_of, where
from shared.lookups.handles import Handle
from shared.lookups.reader import Reader, Row
from shared.rows.columns import COMPRESSED
from shared.rows.fitting import unpack
from shared.rows.keys import newest_first

_KEYS: Final = ("PartitionKey", "RowKey")


class Place(msgspec.Struct, frozen=True):
    """Where a row is, and whether it is there."""

    table: str
    partition_key: str
    row_key: str
    found: bool


class RecordedEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event as its tables keep it.

    Attributes:
        handle: what it was asked for with.
        time: the time that orders its rows, as Edm.DateTime.
        columns: of its record; of its time-line row where no record is found.
        drift: `path: what` of everything that is not as the model has it.
        text: the event's text; None where no record is found, or its text cannot be read.
        rows: where its rows are.
    """

    handle: str
    time: str
    columns: dict[str, Any]
    drift: tuple[str, ...]
    text: str | None
    rows: tuple[Place, ...]


class RecordLookups(Reader):
    """Questions about single events, and all of them."""

    async def event(self, handle: Handle) -> RecordedEvent | None:
        """Return the event of a handle; None if it is not recorded."""
        partition_key, row_key = handle.key
        in_timeline = await self.first(TIMELINE, _at(partition_key, row_key))
        if in_timeline is None:
            return await self._without_timeline(handle)
        record: Row | None = None
        places = [Place(TIMELINE, partition_key, row_key, found=True)]
        for table, partition, row in _places(in_timeline):
            found = await self.first(table, _at(partition, row))
            places.append(Place(table, partition, row, found=found is not None))
            record = record or found
        return _whole(handle, record or in_timeline, places)

    async def _without_timeline(self, handle: Handle) -> RecordedEvent | None:
        """Look for an event that is older than the time line, or whose row there was not written."""
        self.note("not in the time line: reading all records")
        row_key = newest_first(handle.ticks, handle.digest)
        for family in FAMILIES:
            async for row in self.rows(family.table, where("RowKey", "eq", row_key)):
                return _whole(handle, row, [Place(family.table, row["PartitionKey"], row_key, found=True)])
        return None

    async def records(self, since: int | None = None) -> AsyncGenerator[dict[str, Any]]:
        """Yield what is recorded of every event, since some ticks or ever, with its text as `Raw`; in no order."""
        filter_ = Filter() if since is None else where("RowKey", "lt", newest_first(since, "g"))
        for family in FAMILIES:
            async for row in self.rows(family.table, filter_):
                text = _text(row)
                if text is None:
                    self.unreadable.add(family.table)
                    continue
                yield {"Table": family.table, **_columns(row), "Raw": text}


def _at(partition_key: str, row_key: str) -> Filter:
    return all_of(where("PartitionKey", "eq", partition_key), where("RowKey", "eq", row_key))


def _places(row: Row) -> list[tuple[str, str, str]]:
    """Return where a time-line row says that its event is kept; nowhere, if somebody else wrote it."""
    try:
        return msgspec.json.decode(row["Rows"], type=list[tuple[str, str, str]])
    except (KeyError, TypeError, msgspec.DecodeError):
        return []


def _whole(handle: Handle, row: Row, places: list[Place]) -> RecordedEvent:
    return RecordedEvent(
        handle=str(handle),
        time=edm(handle.ticks),
        columns={name: value for name, value in _columns(row).items() if name not in {*_KEYS, "Drift", "Rows"}},
        drift=_drift(row),
        text=_text(row),
        rows=tuple(places),
    )


def _columns(row: Row) -> dict[str, Any]:
    """Return all columns but the text."""
    return {
        name: value
        for name, value in row.items()
        if name != "Raw" and not name.startswith(COMPRESSED) and not isinstance(value, bytes)
    }


def _drift(row: Row) -> tuple[str, ...]:
    try:
        return msgspec.json.decode(row.get("Drift", "[]"), type=tuple[str, ...])
    except (TypeError, msgspec.DecodeError):
        return (str(row["Drift"]),)


def _text(row: Row) -> str | None:
    """Return the event's text; None where there is none or it cannot be unpacked."""
    try:
        text = unpack(row)
    except ValueError:
        return None
    return text if isinstance(text, str) else text.decode("utf-8", "replace")
