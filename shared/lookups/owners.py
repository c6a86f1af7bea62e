"""Queries of owners: numbers, users and threads that have events, and the threads of a user."""

from collections.abc import AsyncGenerator
from typing import Final

import msgspec

from shared.catalogue import CHAT_THREAD, CHAT_USER, SMS, TIMELINE, Family
from shared.events.facts import column_of
from shared.events.timestamps import edm
from shared.lookups.filters import EVERYTHING, all_of, any_of, where
from shared.lookups.lines import OF_RECORD, OF_TIMELINE, line_of_record, line_of_timeline
from shared.lookups.reader import Row
from shared.lookups.timeline import EventQuery, Source, TimelineLookups, timeline_ranges
from shared.rows import keys

_FEW: Final = 100  # rows per page: an owner with more rows costs one request, owners with fewer share one
_OF_A_MEMBER: Final = (
    *("PartitionKey", "RowKey", "Kind", "ThreadId", "ThreadTopic"),
    *("SenderId", "SenderDisplayName", "ParticipantId", "ParticipantDisplayName"),
)
_NAMES: Final = (("SenderId", "SenderDisplayName"), ("ParticipantId", "ParticipantDisplayName"))


class Owner(msgspec.Struct, frozen=True, omit_defaults=True):
    """A number, user or thread, with its last event.

    Attributes:
        id: the number, the raw id or the thread id.
        last: time of the last event, as Edm.DateTime.
        kind: what happened.
        who: who did it.
        what: text, status, topic or participant.
        handle: identifies the event in other commands.
    """

    id: str
    last: str
    kind: str
    who: str | None
    what: str | None
    handle: str


class Membership(msgspec.Struct, omit_defaults=True):
    """One thread of a user.

    Attributes:
        thread_id: the thread.
        topic: its newest topic in the events.
        name: the newest display name of the user in the events.
        events: how many events there are.
        first: time of the first one, as Edm.DateTime.
        last: time of the last one.
    """

    thread_id: str
    topic: str | None = None
    name: str | None = None
    events: int = 0
    first: str = ""
    last: str = ""


class OwnerLookups(TimelineLookups):
    """Queries of owners."""

    def numbers(self, since: int | None = None) -> AsyncGenerator[Owner]:
        """Yield the numbers of the ACS resource; given ticks, those with events since then, latest first."""
        return self._owners(SMS, since)

    def users(self, since: int | None = None) -> AsyncGenerator[Owner]:
        """Yield the users that events were delivered to; given ticks, those with events since then, latest first."""
        return self._owners(CHAT_USER, since)

    def threads(self, since: int | None = None) -> AsyncGenerator[Owner]:
        """Yield the threads with thread-level events; given ticks, those with events of any level since then."""
        return self._owners(CHAT_THREAD, since)

    async def user(self, user_id: str, since: int | None = None) -> list[Membership]:
        """Return the threads of a user, the one with the latest event first; leave out events without a thread."""
        threads: dict[str, Membership] = {}
        source = await self.source(EventQuery(user=user_id, since=since))
        async for row in self.rows_of(source, _OF_A_MEMBER):
            try:
                ticks, _ = keys.ticks_and_digest(row["RowKey"])
            except ValueError:
                self.unreadable.add(source.table)
                continue
            if (thread_id := row.get("ThreadId")) is not None:
                _add(threads.setdefault(str(thread_id), Membership(str(thread_id))), row, ticks, user_id)
        return [*threads.values()]

    def _owners(self, family: Family, since: int | None) -> AsyncGenerator[Owner]:
        return self._owners_by_partition(family) if since is None else self._owners_lately(family, since)

    async def _owners_by_partition(self, family: Family) -> AsyncGenerator[Owner]:
        """Read the first row of each partition, which is its newest, then go on to the next partition."""
        told, behind, read = None, EVERYTHING, _FEW
        while read == _FEW:
            read = 0
            async for row in self.rows(family.table, behind, select=OF_RECORD, page=_FEW):
                read += 1
                partition, row_key = row["PartitionKey"], row["RowKey"]
                # A row that cannot be read hides no owner: the next one tells of it.
                if partition != told and (owner := self._owner(row, family, family.table)) is not None:
                    told = partition
                    yield owner
                if read == _FEW:
                    further = where("PartitionKey", "gt", partition)
                    rest = all_of(where("PartitionKey", "eq", partition), where("RowKey", "gt", row_key))
                    behind = further if partition == told else any_of(further, rest)
                    break

    async def _owners_lately(self, family: Family, since: int) -> AsyncGenerator[Owner]:
        column = column_of(family.owner)
        seen: set[str] = set()  # grows with the answer, by a few bytes per owner
        source = Source(TIMELINE, timeline_ranges(EventQuery(since=since), where(column, "gt", "")))
        async for row in self.rows_of(source, OF_TIMELINE):
            if row[column] not in seen:
                seen.add(row[column])
                if (owner := self._owner(row, family, TIMELINE)) is not None:
                    yield owner

    def _owner(self, row: Row, family: Family, table: str) -> Owner | None:
        try:
            line = line_of_timeline(row) if table == TIMELINE else line_of_record(row)
        except ValueError:
            self.unreadable.add(table)
            return None
        id_ = row.get(column_of(family.owner)) or row["PartitionKey"]
        return Owner(str(id_), line.time, line.kind, line.who, line.what, line.handle)


def _add(membership: Membership, row: Row, ticks: int, user_id: str) -> None:
    """Count one more event of a user in a thread; events come newest first."""
    membership.first = edm(ticks)
    membership.last = membership.last or membership.first
    membership.events += 1
    membership.topic = membership.topic or row.get("ThreadTopic")
    for id_, name in _NAMES:
        if row.get(id_) == user_id:
            membership.name = membership.name or row.get(name)
