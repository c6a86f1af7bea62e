"""Find the rows of an event from the keys of one of them, without its text."""

from collections.abc import AsyncIterator, Sequence

import msgspec

from acsevents.operations.stored_rows import StoredRow, StoredRows
from shared.catalogue import FAMILIES, TIMELINE
from shared.events.timestamps import reverse
from shared.rows import keys
from shared.rows.columns import Entity
from shared.rows.timeline import SHARDS, Place, partition_of, shard_of
from shared.stored import time_and_digest_of

RECORD_TABLES = tuple(table for family in FAMILIES for table in (family.table, family.message_table) if table)
"""The tables that keep whole events."""

_BY_MESSAGE = frozenset(family.message_table for family in FAMILIES)


def timeline_place(place: Place) -> Place | None:
    """Return the place of the row that points to a record, None if the key is not a record's."""
    _, partition, row_key = place
    try:
        ticks, digest = time_and_digest_of(row_key)
    except ValueError:
        return None
    return TIMELINE, partition_of(shard_of(partition), ticks), keys.newest_first(ticks, digest)


def is_since(place: Place, first: int) -> bool:
    """Return whether a record's event is from `first` ticks or later; a key that is not a record's counts as later."""
    try:
        return time_and_digest_of(place[2])[0] >= first
    except ValueError:
        return True


async def events_since(stored: StoredRows, table: str, since: int | None) -> AsyncIterator[StoredRow]:
    """Yield the rows of a record table whose events are from `since` ticks or later."""
    if since is None:
        async for row in stored.scan(table):
            yield row
        return
    # In `SmsMessages` the time comes after the message id in the key, so the service cannot filter by it.
    condition = "" if table in _BY_MESSAGE else "RowKey lt @end"
    async for row in stored.scan(table, condition, {"end": f"{reverse(since)}~~"}):
        if is_since(row.place, since):
            yield row


async def events_before(
    stored: StoredRows, table: str, before: int, *, select: Sequence[str]
) -> AsyncIterator[StoredRow]:
    """Yield selected columns of the rows of a record table whose events are older than `before` ticks."""
    condition = "" if table in _BY_MESSAGE else "RowKey gt @end"
    async for row in stored.scan(table, condition, {"end": f"{reverse(before)}~~"}, select=select):
        if not is_since(row.place, before):
            yield row


async def pointers_before(stored: StoredRows, before: int) -> AsyncIterator[StoredRow]:
    """Yield the rows of the time line for events older than `before` ticks."""
    for shard in range(SHARDS):
        values = {"first": partition_of(shard, before), "end": f"{shard}~:", "key": f"{reverse(before)}~~"}
        condition = "PartitionKey ge @first and PartitionKey lt @end and RowKey gt @key"
        async for row in stored.scan(TIMELINE, condition, values, select=("PartitionKey", "RowKey", "Rows")):
            if not is_since(row.place, before):
                yield row


def places_in(pointer: Entity) -> list[Place]:
    """Return the places that a row of the time line points to; none if it is unreadable or another table's row."""
    try:
        return msgspec.json.decode(str(pointer.get("Rows")), type=list[Place])
    except msgspec.DecodeError:
        return []
