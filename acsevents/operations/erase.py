"""Erase a user, a number or a thread from all tables.

What is theirs is removed: their events with all copies, and dead letters and unreadable rows that hold their id. Where
events of others only list them, they are taken out of text and columns. Each row is judged and changed on its own, so
that whatever an interruption leaves is found again by the next run.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from acsevents.operations.at_once import for_each
from acsevents.operations.places import RECORD_TABLES, places_in, timeline_place
from acsevents.operations.recording import read_row
from acsevents.operations.redaction import ERASED, is_theirs, without
from acsevents.operations.stored_rows import StoredRow, StoredRows, filed
from acsevents.operations.whom import Target
from shared.catalogue import DEAD_LETTERS, FAMILIES, TIMELINE
from shared.errors import ContentError
from shared.events.event import Event
from shared.events.timestamps import Instant
from shared.rows import keys
from shared.rows.columns import COMPRESSED
from shared.rows.records import Filed, record_rows
from shared.rows.timeline import Place
from shared.stored import text_of, time_and_digest_of

_FIRST_TABLES: Final = frozenset(family.table for family in FAMILIES)
_THEIR_COLUMNS: Final = {
    **dict.fromkeys(("user", "number"), ("Number", "Peer", "From", "To", "SenderId", "RecipientId", "ParticipantId")),
    "thread": ("ThreadId",),
}
_ATTEMPTS: Final = 5  # at a row that somebody else keeps writing


class Erased(msgspec.Struct):
    """What was done, or without changes would be: rows by table.

    Attributes:
        seen: rows looked at.
        removed: rows that are gone.
        redacted: rows of others that no longer name them.
        unsearchable: rows whose text is damaged, so that it cannot be told whether it holds them; they stay.
        contended: rows that somebody else kept writing; run it again.
    """

    seen: int = 0
    removed: dict[str, int] = msgspec.field(default_factory=dict)
    redacted: dict[str, int] = msgspec.field(default_factory=dict)
    unsearchable: dict[str, int] = msgspec.field(default_factory=dict)
    contended: int = 0


class _Keep(NamedTuple):
    """The row does not hold them, or only in what others wrote."""


class _Remove(NamedTuple):
    """The row is theirs, with what points to it."""

    pointer: Place | None


class _Rewrite(NamedTuple):
    """The row lists them; rows to write in its place and in that of what points to it."""

    row: Filed
    pointer: Filed | None


_Verdict = _Keep | _Remove | _Rewrite


async def erase(stored: StoredRows, erased: Erased, target: Target, now: datetime, *, dry_run: bool = False) -> None:
    """Remove all that is theirs, and take them out of what is others'.

    Args:
        stored: the rows.
        erased: what was done so far; it counts up while this works.
        target: whom.
        now: the date that redacted rows keep.
        dry_run: only count.
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
        """Judge a row that keeps an event, again if somebody else wrote it meanwhile."""
        self._erased.seen += 1
        current: StoredRow | None = row
        for _ in range(_ATTEMPTS):
            if current is None or await self._carry_out(self._judge(current), current):
                return
            current = await self._stored.get(row.place)
        self._erased.contended += 1

    async def dead_letter(self, row: StoredRow) -> None:
        """Remove a dead letter that holds them anywhere."""
        self._erased.seen += 1
        if self._holds_them(row):
            await self._remove(row.place)

    async def pointer(self, row: StoredRow) -> None:
        """Mend a row of the time line whose record has gone before."""
        self._erased.seen += 1
        if not any(self._target.stands_in(text) for text in _columns(row)) or await self._is_counted(row):
            return
        if self._is_in_their_columns(row) or self._is_in_a_place(row):
            await self._remove(row.place)
        elif self._target.is_named(str(row.entity.get("InitiatorId", ""))):
            redacted = filed(TIMELINE, {**row.entity, "InitiatorId": ERASED, "Redacted": self._when.edm})
            if self._dry_run or await self._stored.replace(redacted, row.etag):
                _count(self._erased.redacted, TIMELINE)

    def _judge(self, row: StoredRow) -> _Verdict:
        if not self._holds_them(row):
            return _Keep()
        pointer = timeline_place(row.place) if row.table in _FIRST_TABLES else None
        event = read_row(row)
        if isinstance(event, ContentError) or self._is_in_their_columns(row) or self._is_in_a_place(row):
            return _Remove(pointer)
        try:
            if is_theirs(event, self._target):
                return _Remove(pointer)
            redacted = without(event, self._target, self._when)
            return _Keep() if redacted is None else _rewrite(row, redacted, pointer)
        except (ContentError, ValueError):  # it cannot be written without them
            return _Remove(pointer)

    async def _carry_out(self, verdict: _Verdict, row: StoredRow) -> bool:
        """Tell whether it is done. What points to a row goes first: it is found by the row, not the row by it."""
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

    def _holds_them(self, row: StoredRow) -> bool:
        if any(self._target.stands_in(text) for text in _columns(row)):
            return True
        try:
            return self._target.stands_in(text_of(row.entity))
        except ContentError:
            _count(self._erased.unsearchable, row.table)
            return False

    def _is_in_their_columns(self, row: StoredRow) -> bool:
        columns = _THEIR_COLUMNS[self._target.kind]
        return any(self._target.is_named(str(row.entity[name])) for name in columns if name in row.entity)

    def _is_in_a_place(self, row: StoredRow) -> bool:
        """Tell whether the partition of a row, or of one that it points to, is theirs."""
        partitions = [row.place[1], *(partition for _, partition, _ in places_in(row.entity))]
        return any(self._target.is_named(_text_of(partition)) for partition in partitions)

    async def _is_counted(self, pointer: StoredRow) -> bool:
        """Tell whether a dry run has counted what points to a record with the record."""
        if not self._dry_run:
            return False
        return any([await self._stored.get(place) for place in places_in(pointer.entity)[:1]])


def _rewrite(row: StoredRow, event: Event, pointer: Place | None) -> _Rewrite:
    """Write an event to the places where it is, also where today's code would file it elsewhere."""
    ticks, digest = time_and_digest_of(row.place[2])
    *records, pointing = record_rows(msgspec.structs.replace(event, ticks=ticks, digest=digest))
    mine = next((record for record in records if record.table == row.table), records[0])
    return _Rewrite(Filed(*row.place, mine.columns), None if pointer is None else Filed(*pointer, pointing.columns))


def _text_of(partition: str) -> str:
    try:
        return keys.text_of(partition)
    except UnicodeDecodeError:  # somebody else's key
        return partition


def _columns(row: StoredRow) -> Iterator[str]:
    """Yield the texts of a row, its keys among them, but not the event's text itself."""
    for name, value in row.entity.items():
        if name != "Raw" and not name.startswith(COMPRESSED):
            yield str(value)


def _count(counts: dict[str, int], table: str) -> None:
    counts[table] = counts.get(table, 0) + 1
