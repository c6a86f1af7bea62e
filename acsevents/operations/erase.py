"""Erase a user, a number or a thread from all tables.

An erased person's events are removed with all copies, as are dead letters and unreadable rows that contain their id.
Other people's events that only list them are rewritten without them, in text and columns. Each row is judged and
changed on its own, so that the next run finds whatever an interruption left.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from acsevents.operations.at_once import for_each
from acsevents.operations.places import RECORD_TABLES, places_in, timeline_place
from acsevents.operations.recording import read_row
from acsevents.operations.redaction import is_theirs, without
from acsevents.operations.stored_rows import StoredRow, StoredRows, table_row
from acsevents.operations.whom import Target
from shared.catalogue import DEAD_LETTERS, FAMILIES, TIMELINE
from shared.errors import ContentError
from shared.events.event import ERASED, Event
from shared.events.timestamps import Instant
from shared.rows import keys
from shared.rows.columns import COMPRESSED
from shared.rows.records import TableRow, record_rows
from shared.rows.timeline import Place
from shared.stored import text_of, time_and_digest_of

_FIRST_TABLES: Final = frozenset(family.table for family in FAMILIES)
_THEIR_COLUMNS: Final = {
    **dict.fromkeys(("user", "number"), ("Number", "Peer", "From", "To", "SenderId", "RecipientId", "ParticipantId")),
    "thread": ("ThreadId",),
}
_ATTEMPTS: Final = 5  # for a row that another writer keeps changing


class Erased(msgspec.Struct):
    """The rows that were erased, or in a dry run would be, by table.

    Attributes:
        seen: rows read.
        removed: rows removed.
        redacted: other people's rows that no longer name them.
        unsearchable: rows that stay although they may contain the id, because their text is damaged.
        contended: rows that another writer kept changing; run it again.
    """

    seen: int = 0
    removed: dict[str, int] = msgspec.field(default_factory=dict)
    redacted: dict[str, int] = msgspec.field(default_factory=dict)
    unsearchable: dict[str, int] = msgspec.field(default_factory=dict)
    contended: int = 0


class _Keep(NamedTuple):
    """The row does not name them, or only in texts that others wrote."""


class _Remove(NamedTuple):
    """The row is theirs; remove it, and what points to it."""

    pointer: Place | None


class _Rewrite(NamedTuple):
    """The row lists them; write these rows in its place and in place of what points to it."""

    row: TableRow
    pointer: TableRow | None


_Verdict = _Keep | _Remove | _Rewrite


async def erase(stored: StoredRows, erased: Erased, target: Target, now: datetime, *, dry_run: bool = False) -> None:
    """Remove their rows, and redact other people's rows that list them.

    Args:
        stored: the rows.
        erased: what was done so far; it counts up while this works.
        target: the person or thread to erase.
        now: the date that redacted rows record.
        dry_run: whether to count only.
    """
    worker = _Erasure(stored, erased, target, Instant.parse(now.isoformat()), dry_run=dry_run)
    for table in RECORD_TABLES:
        await for_each(stored.scan(table), worker.record)
    await for_each(stored.scan(DEAD_LETTERS), worker.dead_letter)
    await for_each(stored.scan(TIMELINE), worker.pointer)


class _Erasure:
    def __init__(self, stored: StoredRows, erased: Erased, target: Target, when: Instant, *, dry_run: bool) -> None:
        self._stored = stored
        self._erased = erased
        self._target = target
        self._when = when
        self._dry_run = dry_run

    async def record(self, row: StoredRow) -> None:
        """Judge a row that keeps an event; judge it again if it has changed meanwhile."""
        self._erased.seen += 1
        current: StoredRow | None = row
        for _ in range(_ATTEMPTS):
            if current is None or await self._carry_out(self._judge(current), current):
                return
            current = await self._stored.get(row.place)
        self._erased.contended += 1

    async def dead_letter(self, row: StoredRow) -> None:
        """Remove a dead letter that contains their id anywhere."""
        self._erased.seen += 1
        if self._contains_target(row):
            await self._remove(row.place)

    async def pointer(self, row: StoredRow) -> None:
        """Repair a row of the time line whose record was removed earlier."""
        self._erased.seen += 1
        if not any(self._target.stands_in(text) for text in _columns(row)) or await self._is_counted(row):
            return
        if self._is_in_columns(row) or self._is_in_partition(row):
            await self._remove(row.place)
        elif self._target.is_named(str(row.entity.get("InitiatorId", ""))):
            redacted = table_row(TIMELINE, {**row.entity, "InitiatorId": ERASED, "Redacted": self._when.edm})
            if self._dry_run or await self._stored.replace(redacted, row.etag):
                _count(self._erased.redacted, TIMELINE)

    def _judge(self, row: StoredRow) -> _Verdict:
        if not self._contains_target(row):
            return _Keep()
        pointer = timeline_place(row.place) if row.table in _FIRST_TABLES else None
        event = read_row(row)
        if isinstance(event, ContentError) or self._is_in_columns(row) or self._is_in_partition(row):
            return _Remove(pointer)
        try:
            if is_theirs(event, self._target):
                return _Remove(pointer)
            redacted = without(event, self._target, self._when)
            return _Keep() if redacted is None else _rewrite(row, redacted, pointer)
        except (ContentError, ValueError):  # it cannot be rewritten without them
            return _Remove(pointer)

    async def _carry_out(self, verdict: _Verdict, row: StoredRow) -> bool:
        """Carry out a verdict; return whether the row was unchanged.

        What points to a row is changed first: the row leads to it, but it does not lead to the row.
        """
        match verdict:
            case _Remove(pointer):
                if pointer is not None and await self._stored.get(pointer) is not None:
                    await self._remove(pointer)
                await self._remove(row.place)
            case _Rewrite(redacted, pointing):
                if not self._dry_run:
                    if pointing is not None:
                        await self._stored.put(pointing)
                    if not await self._stored.replace(redacted, row.etag):
                        return False
                for rewritten in filter(None, (redacted, pointing)):
                    _count(self._erased.redacted, rewritten.table)
        return True

    async def _remove(self, place: Place) -> None:
        if not self._dry_run:
            await self._stored.delete(place)
        _count(self._erased.removed, place[0])

    def _contains_target(self, row: StoredRow) -> bool:
        if any(self._target.stands_in(text) for text in _columns(row)):
            return True
        try:
            return self._target.stands_in(text_of(row.entity))
        except ContentError:
            _count(self._erased.unsearchable, row.table)
            return False

    def _is_in_columns(self, row: StoredRow) -> bool:
        columns = _THEIR_COLUMNS[self._target.kind]
        return any(self._target.is_named(str(row.entity[name])) for name in columns if name in row.entity)

    def _is_in_partition(self, row: StoredRow) -> bool:
        """Return whether the partition of a row, or of one that it points to, is theirs."""
        partitions = [row.place[1], *(partition for _, partition, _ in places_in(row.entity))]
        return any(self._target.is_named(_owner_of(partition)) for partition in partitions)

    async def _is_counted(self, pointer: StoredRow) -> bool:
        """Return whether a dry run has counted this pointer together with its record."""
        if not self._dry_run:
            return False
        return any([await self._stored.get(place) for place in places_in(pointer.entity)[:1]])


def _rewrite(row: StoredRow, event: Event, pointer: Place | None) -> _Rewrite:
    """Return an event's rows under the keys that they have, even if the current code would choose others."""
    ticks, digest = time_and_digest_of(row.place[2])
    *records, pointing = record_rows(msgspec.structs.replace(event, ticks=ticks, digest=digest))
    mine = next((record for record in records if record.table == row.table), records[0])
    return _Rewrite(
        TableRow(*row.place, mine.columns), None if pointer is None else TableRow(*pointer, pointing.columns)
    )


def _owner_of(partition: str) -> str:
    try:
        return keys.text_of(partition)
    except UnicodeDecodeError:  # not a key that this app wrote
        return partition


def _columns(row: StoredRow) -> Iterator[str]:
    """Yield the strings of a row, including its keys, but not the event's text."""
    for name, value in row.entity.items():
        if name != "Raw" and not name.startswith(COMPRESSED):
            yield str(value)


def _count(counts: dict[str, int], table: str) -> None:
    counts[table] = counts.get(table, 0) + 1
