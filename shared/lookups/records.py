"""Queries of records: one event with everything that is stored of it, or all events."""

from collections.abc import AsyncGenerator
from typing import Any, Final

import msgspec

from shared.catalogue import FAMILIES, TIMELINE
from shared.events.timestamps import edm
from shared.lookups.filters import Filter, all_of, where
from shared.lookups.handles import Handle
from shared.lookups.reader import Reader, Row, at_once
from shared.rows.columns import COMPRESSED
from shared.rows.fitting import unpack
from shared.rows.keys import newest_first

_KEYS: Final = ("PartitionKey", "RowKey")


class Place(msgspec.Struct, frozen=True):
    """The place of a row, and whether the row was found there."""

    table: str
    partition_key: str
    row_key: str
    found: bool


class RecordedEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event as it is stored.

    Attributes:
        handle: the event's handle.
        time: the time in its keys, as Edm.DateTime.
        columns: the columns of its record, or of its row in `Timeline` if no record was found.
        drift: `path: problem` for every deviation from the model.
        text: the event's text; None if no record was found or its text cannot be read.
        rows: the places of its rows.
    """

    handle: str
    time: str
    columns: dict[str, Any]
    drift: tuple[str, ...]
    text: str | None
    rows: tuple[Place, ...]


class RecordLookups(Reader):
    """Queries of single events and of all events."""

    async def event(self, handle: Handle) -> RecordedEvent | None:
        """Return the event with a handle, or None."""
        partition_key, row_key = handle.key
        in_timeline = await self.first(TIMELINE, _at(partition_key, row_key))
        if in_timeline is None:
            return await self._without_timeline(handle)
        told = _places(in_timeline)
        rows = await at_once(self.first(table, _at(partition, row)) for table, partition, row in told)
        places = [Place(TIMELINE, partition_key, row_key, found=True)]
        places += [Place(*place, found=row is not None) for place, row in zip(told, rows, strict=True)]
        record = next((row for row in rows if row is not None), in_timeline)
        return _whole(handle, record, places)

    async def _without_timeline(self, handle: Handle) -> RecordedEvent | None:
        """Find an event that has no row in `Timeline`, for example because it is older than that table."""
        self.note("not in Timeline: reading all records")
        row_key = newest_first(handle.ticks, handle.digest)
        for family in FAMILIES:
            async for row in self.rows(family.table, where("RowKey", "eq", row_key)):
                return _whole(handle, row, [Place(family.table, row["PartitionKey"], row_key, found=True)])
        return None

    async def records(self, since: int | None = None) -> AsyncGenerator[dict[str, Any]]:
        """Yield the record of every event, or of those since the given ticks, with the text as `Raw`; unordered."""
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
    """Return the places that a row in `Timeline` points to; none if the row was not written by this app."""
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
    """Return all columns except the text."""
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
    """Return the event's text, or None if it is missing or damaged."""
    try:
        text = unpack(row)
    except ValueError:
        return None
    return text if isinstance(text, str) else text.decode("utf-8", "replace")
