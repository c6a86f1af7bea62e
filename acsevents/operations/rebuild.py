"""Rebuild: decode every stored event again from its text with the current code, and write what differs.

Each row is a separate step, and each step leaves every event readable. Work done before an interruption need not be
done again. Rows are replaced and removed only in the version that was read, so that events may arrive meanwhile.
"""

from typing import Final

import msgspec

from acsevents.operations.at_once import for_each
from acsevents.operations.places import RECORD_TABLES, events_since, timeline_place
from acsevents.operations.recording import read_row
from acsevents.operations.stored_rows import StoredRow, StoredRows
from shared.catalogue import FAMILIES, TIMELINE
from shared.errors import ContentError
from shared.rows.columns import Entity
from shared.rows.records import RECORD_VERSION, TableRow, record_rows
from shared.rows.timeline import Place

_FIRST_TABLES: Final = frozenset(family.table for family in FAMILIES)
_ATTEMPTS: Final = 5  # for a row that another writer keeps changing


class Rebuilt(msgspec.Struct):
    """What a rebuild did, or in a dry run would do.

    Attributes:
        seen: rows read.
        changed: rows rewritten, by table.
        moved: rows written under another key, by the table where they were.
        added: rows of the time line that were missing.
        columns: how many of the changed rows differ in a column.
        unreadable: rows without a readable event, by table; they stay unchanged.
        newer: rows that a later version of this app wrote, by table; they stay unchanged.
        contended: rows that another writer kept changing; run it again.
    """

    seen: int = 0
    changed: dict[str, int] = msgspec.field(default_factory=dict)
    moved: dict[str, int] = msgspec.field(default_factory=dict)
    added: int = 0
    columns: dict[str, int] = msgspec.field(default_factory=dict)
    unreadable: dict[str, int] = msgspec.field(default_factory=dict)
    newer: dict[str, int] = msgspec.field(default_factory=dict)
    contended: int = 0

    @property
    def writes(self) -> int:
        """How many rows changed, moved or were added."""
        return sum(self.changed.values()) + sum(self.moved.values()) + self.added


async def rebuild(stored: StoredRows, rebuilt: Rebuilt, *, since: int | None = None, dry_run: bool = False) -> None:
    """Bring all rows to what the current code makes of their events.

    Args:
        stored: the rows.
        rebuilt: what was done so far; it counts up while this works.
        since: process only events since these ticks, by their own time.
        dry_run: whether to count only.
    """
    worker = _Rebuild(stored, rebuilt, dry_run=dry_run)
    for table in RECORD_TABLES:
        await for_each(events_since(stored, table, since), worker.one)


class _Rebuild:
    def __init__(self, stored: StoredRows, rebuilt: Rebuilt, *, dry_run: bool) -> None:
        self._stored = stored
        self._rebuilt = rebuilt
        self._dry_run = dry_run

    async def one(self, row: StoredRow) -> None:
        """Bring one row up to date; try again if it has changed meanwhile."""
        self._rebuilt.seen += 1
        current: StoredRow | None = row
        for _ in range(_ATTEMPTS):
            if current is None or await self._update_once(current):
                return
            current = await self._stored.get(row.place)
        self._rebuilt.contended += 1

    async def _update_once(self, row: StoredRow) -> bool:
        """Bring the row up to date once; return whether that succeeded."""
        version = row.entity.get("RecordVersion")
        if isinstance(version, int) and version > RECORD_VERSION:
            _count(self._rebuilt.newer, row.table)
            return True
        wanted = _rows_for(row)
        if wanted is None:
            _count(self._rebuilt.unreadable, row.table)
            return True
        mine = next((other for other in wanted if other.place == row.place), None)
        if mine is None:
            return await self._move(row, wanted)
        if not await self._change(row, mine):
            return False
        await self._update_pointer(row, wanted[-1])
        return True

    async def _change(self, row: StoredRow, wanted: TableRow) -> bool:
        if row.entity == wanted.entity:
            return True
        if not self._dry_run and not await self._stored.replace(wanted, row.etag):
            return False
        _count(self._rebuilt.changed, row.table)
        for column in _differing(row.entity, wanted.entity):
            _count(self._rebuilt.columns, column)
        return True

    async def _move(self, row: StoredRow, wanted: list[TableRow]) -> bool:
        """Write an event under its new keys, then remove the row, and its pointer, under the old ones."""
        if not self._dry_run:
            # Each copy of an event moves separately; only one that changes tables moves all of them.
            for other in [other for other in wanted if other.table == row.table] or wanted:
                await self._stored.insert(other)
        await self._update_pointer(row, wanted[-1])
        if not self._dry_run and not await self._remove_moved(row, wanted[-1].place):
            return False
        _count(self._rebuilt.moved, row.table)
        return True

    async def _update_pointer(self, row: StoredRow, pointer: TableRow) -> None:
        """Bring the row in the time line up to date; only an event's first copy does so."""
        if row.table not in _FIRST_TABLES:
            return
        current = await self._stored.get(pointer.place)
        if current is None:
            if self._dry_run or await self._stored.insert(pointer):
                self._rebuilt.added += 1
        elif current.entity != pointer.entity:
            if not self._dry_run and not await self._stored.replace(pointer, current.etag):
                return  # it was written meanwhile, and so by the current code
            _count(self._rebuilt.changed, TIMELINE)

    async def _remove_moved(self, row: StoredRow, pointer: Place) -> bool:
        """Remove a row that has moved, and what pointed to it; return whether it was still the version that moved."""
        old = timeline_place(row.place)
        if old is not None and old != pointer:
            await self._stored.delete(old)
        return await self._stored.delete(row.place, row.etag)


def _rows_for(row: StoredRow) -> list[TableRow] | None:
    """Return the rows that the current code makes of a row's event, None if no event can be read."""
    event = read_row(row)
    try:
        return None if isinstance(event, ContentError) else record_rows(event)
    except ContentError:
        return None


def _differing(one: Entity, other: Entity) -> list[str]:
    return [name for name in one.keys() | other.keys() if one.get(name) != other.get(name)]


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1
