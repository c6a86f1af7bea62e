"""Queries of events of all families, newest first: from their owner's partition if possible, else from `Timeline`."""

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from shared.catalogue import CHAT_THREAD, CHAT_USER, SMS, TIMELINE, Family
from shared.events.timestamps import reverse
from shared.lookups.addresses import address
from shared.lookups.filters import EVERYTHING, Filter, all_of, any_of, where
from shared.lookups.follow import LATE, RECENT, Follower, Watch
from shared.lookups.handles import Handle
from shared.lookups.lines import OF_RECORD, OF_TIMELINE, USERS, EventLine, line_of_record, line_of_timeline
from shared.lookups.reader import PAGE, Reader, Row, at_once, ticks_of
from shared.rows import keys
from shared.rows.columns import EXCERPT_UNITS
from shared.rows.text import cut
from shared.rows.timeline import SHARDS, partition_of

_BEHIND_DIGITS: Final = ":"  # the character after `9`
_BEHIND_DIGEST: Final = "~g"  # the character after `f`
_OCCURRENCE: Final = ("PartitionKey", "RowKey", "Kind")
_OF_A_NUMBER: Final = ("Number", "Peer")


class EventQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Which events to return; all given conditions must hold.

    Attributes:
        family: the only family whose partitions may be read; `Timeline` is not filtered by it.
        kind: what happened.
        number: the number of either party of an SMS, as people write it.
        user: raw id of a user.
        thread: id of a thread.
        status: delivery status.
        message: id of a message.
        since: ticks of the oldest event.
        until: ticks that all events are older than.
    """

    family: Family | None = None
    kind: str | None = None
    number: str | None = None
    user: str | None = None
    thread: str | None = None
    status: str | None = None
    message: str | None = None
    since: int | None = None
    until: int | None = None

    @property
    def address(self) -> str | None:
        """The number in the form that rows have."""
        return None if self.number is None else address(self.number)

    @property
    def owner(self) -> tuple[str, str] | None:
        """The table and the partition that may hold all of these events, if there is one."""
        for family, value in ((SMS, self.address), (CHAT_USER, self.user), (CHAT_THREAD, self.thread)):
            if value is not None and self.family in {None, family}:
                return family.table, keys.key(value)
        return None


class Source(NamedTuple):
    """Where to read events.

    Attributes:
        table: `Timeline`, or a table of records.
        ranges: the filters to query with; each returns its rows newest first.
        scan: whether the query may read every row of the table.
    """

    table: str
    ranges: Sequence[Filter]
    scan: bool = False


class TimelineLookups(Reader):
    """Queries of events of all families."""

    async def lines(self, wanted: EventQuery, limit: int | None = None) -> AsyncGenerator[EventLine]:
        """Yield the wanted events, newest first, at most `limit` of them."""
        source = await self.source(wanted)
        count = 0
        async for line in self.lines_of(source, page=min(limit or PAGE, PAGE)):
            yield line
            count += 1
            if count == limit:
                return

    async def occurrences(self, since: int) -> AsyncGenerator[tuple[Handle, str]]:
        """Yield handle and kind of each event since some ticks, newest first: to count them, without what they say."""
        async for row in self.rows_of(await self.source(EventQuery(since=since)), _OCCURRENCE):
            try:
                yield Handle.of_timeline(row["PartitionKey"], row["RowKey"]), str(row.get("Kind"))
            except ValueError:
                self.unreadable.add(TIMELINE)

    async def follow(
        self, wanted: EventQuery, *, shown: Iterable[str] = (), watches: tuple[Watch, ...] = (RECENT, LATE)
    ) -> AsyncGenerator[EventLine]:
        """Yield events as they are written, each once, until the caller stops.

        Args:
            wanted: which events; its times are ignored.
            shown: handles of events to leave out.
            watches: how often to poll, and how far back.
        """
        await self.first(TIMELINE, EVERYTHING, select=["RowKey"])  # measures the skew of the service's clock
        matching = _matching(wanted, TIMELINE)

        def read(since: datetime, written_since: datetime) -> AsyncGenerator[EventLine]:
            ranges = timeline_ranges(EventQuery(since=ticks_of(since)), matching, written_since)
            return self.lines_of(Source(TIMELINE, ranges))

        async with aclosing(Follower(read, self.now, self.note, watches, shown).lines()) as lines:
            while True:
                yield await anext(lines)

    async def source(self, wanted: EventQuery) -> Source:
        """Return where to read the wanted events: their owner's partition, or `Timeline`."""
        if wanted.owner is not None:
            table, partition = wanted.owner
            owned = where("PartitionKey", "eq", partition)
            if await self.first(table, owned, select=["RowKey"]) is not None:
                return Source(table, [all_of(owned, _between(wanted), _matching(wanted, table))])
        matching = _matching(wanted, TIMELINE)
        source = Source(TIMELINE, timeline_ranges(wanted, matching), bool(matching.words) and wanted.since is None)
        if source.scan:
            self.note(f"this may read all of {TIMELINE}: limit it with --since")
        return source

    async def lines_of(self, source: Source, *, page: int = PAGE) -> AsyncGenerator[EventLine]:
        """Yield the events of a source, newest first."""
        in_timeline = source.table == TIMELINE
        line_of, columns = (line_of_timeline, OF_TIMELINE) if in_timeline else (line_of_record, OF_RECORD)
        async for row in self.rows_of(source, columns, page=page):
            try:
                line = line_of(row)
            except ValueError:
                self.unreadable.add(source.table)
            else:
                yield line

    async def rows_of(self, source: Source, columns: Sequence[str], *, page: int = PAGE) -> AsyncGenerator[Row]:
        """Yield the rows of a source, newest first."""
        streams = [self.rows(source.table, one, select=columns, page=page) for one in source.ranges]
        heads = await at_once(map(_next, streams))
        while known := [(head["RowKey"], number, head) for number, head in enumerate(heads) if head is not None]:
            _, number, newest = min(known)  # no two numbers are equal, so rows are not compared
            yield newest
            heads[number] = await _next(streams[number])


async def _next(stream: AsyncGenerator[Row]) -> Row | None:
    # anext() with a default hangs when it is cancelled (CPython 3.11): it is no coroutine.
    async for row in stream:
        return row
    return None


def timeline_ranges(wanted: EventQuery, matching: Filter, changed_since: datetime | None = None) -> list[Filter]:
    """Return one filter per shard for the minutes of the wanted events.

    Args:
        wanted: which events; only its times are used.
        matching: a further condition.
        changed_since: leave out rows written before this time, by the service's clock.
    """
    changed = EVERYTHING if changed_since is None else where("Timestamp", "ge", changed_since)
    return [all_of(_minutes(shard, wanted), _between(wanted), matching, changed) for shard in range(SHARDS)]


def _minutes(shard: int, wanted: EventQuery) -> Filter:
    newest = f"{shard}~" if wanted.until is None else partition_of(shard, wanted.until)
    oldest = f"{shard}~{_BEHIND_DIGITS}" if wanted.since is None else partition_of(shard, wanted.since)
    return all_of(where("PartitionKey", "ge", newest), where("PartitionKey", "le", oldest))


def _between(wanted: EventQuery) -> Filter:
    """Return a filter on RowKeys, which sort newer events first, for a span of time."""
    until, since = wanted.until, wanted.since
    return all_of(
        EVERYTHING if until is None else where("RowKey", "gt", reverse(until) + _BEHIND_DIGEST),
        EVERYTHING if since is None else where("RowKey", "lt", reverse(since) + _BEHIND_DIGEST),
    )


def _matching(wanted: EventQuery, table: str) -> Filter:
    """Return a filter on the columns of a table; within an owner's partition its own column need not be compared."""
    units = EXCERPT_UNITS if table == TIMELINE else None
    return all_of(
        _equal(("Kind",), wanted.kind, units),
        _equal(("DeliveryStatus",), wanted.status, units),
        _equal(("MessageId",), wanted.message, units),
        _equal(_OF_A_NUMBER, None if table == SMS.table else wanted.address, units),
        _equal(USERS, None if table == CHAT_USER.table else wanted.user, units),
        _equal(("ThreadId",), None if table == CHAT_THREAD.table else wanted.thread, units),
    )


def _equal(columns: Sequence[str], value: str | None, units: int | None) -> Filter:
    """Return a filter for a value in any of the columns, which a table cuts at `units` UTF-16 units."""
    if value is None:
        return EVERYTHING
    kept = value if units is None else cut(value, units)
    equal = [where(column, "eq", kept) for column in columns]
    return equal[0] if len(equal) == 1 else any_of(*equal)
