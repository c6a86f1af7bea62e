"""Prune: remove events older than a date, first their records and then what points to them."""

from collections.abc import AsyncIterator, Collection
from collections.abc import Set as AbstractSet
from typing import Final

import msgspec

from acsevents.operations.at_once import for_each
from acsevents.operations.places import RECORD_TABLES, events_before, places_in, pointers_before
from acsevents.operations.stored_rows import MOST_TOGETHER, StoredRow, StoredRows
from shared.catalogue import DEAD_LETTERS, TABLES, TIMELINE
from shared.lookups.reader import moment
from shared.rows.timeline import Place

_TRANSACTIONS_AT_ONCE: Final = 8
_KEYS: Final = ("PartitionKey", "RowKey")


class Pruned(msgspec.Struct):
    """The rows that were removed, or in a dry run would be, by table."""

    removed: dict[str, int] = msgspec.field(default_factory=dict)

    def count(self, table: str, rows: int) -> None:
        """Count rows as removed."""
        self.removed[table] = self.removed.get(table, 0) + rows


async def prune(
    stored: StoredRows,
    pruned: Pruned,
    before: int,
    *,
    tables: Collection[str] = TABLES,
    dry_run: bool = False,
) -> None:
    """Remove events older than a time by their own time, and dead letters by the time they were stored.

    A row of the time line is removed if its table is named, or with the last of the records that it points to.
    After an interruption, the next run finishes the work.

    Args:
        stored: the rows.
        pruned: what was done so far; it counts up while this works.
        before: ticks of the first event to keep.
        tables: the tables to prune.
        dry_run: whether to count only.
    """

    async def remove(places: list[Place]) -> None:
        if not dry_run:
            await stored.delete_together(places)
        pruned.count(places[0][0], len(places))

    async def remove_letter(row: StoredRow) -> None:
        if dry_run or await stored.delete(row.place, row.etag):  # one that was written again counts from then
            pruned.count(row.table, 1)

    for table in RECORD_TABLES:
        if table in tables:
            await for_each(
                _together(events_before(stored, table, before, select=_KEYS)), remove, at_once=_TRANSACTIONS_AT_ONCE
            )
    if DEAD_LETTERS in tables:
        old = stored.scan(DEAD_LETTERS, "Timestamp lt @before", {"before": moment(before)}, select=_KEYS)
        await for_each(old, remove_letter)
    pointers = pointers_before(stored, before)
    if TIMELINE not in tables:
        pointers = _without_records(stored, pointers, frozenset(tables))
    await for_each(_together(pointers), remove, at_once=_TRANSACTIONS_AT_ONCE)


async def _without_records(
    stored: StoredRows, pointers: AsyncIterator[StoredRow], pruned: AbstractSet[str]
) -> AsyncIterator[StoredRow]:
    """Yield the rows of the time line that point to pruned tables, and to no record in another table that is left."""
    async for pointer in pointers:
        places = places_in(pointer.entity)
        others = [place for place in places if place[0] not in pruned]
        if len(others) < len(places) and not any([await stored.get(place) for place in others]):
            yield pointer


async def _together(rows: AsyncIterator[StoredRow]) -> AsyncIterator[list[Place]]:
    """Group consecutive rows that can be removed in one transaction."""
    together: list[Place] = []
    async for row in rows:
        place = row.place
        if together and (len(together) == MOST_TOGETHER or together[0][:2] != place[:2]):
            yield together
            together = []
        together.append(place)
    if together:
        yield together
