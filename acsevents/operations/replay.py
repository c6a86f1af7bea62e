"""Replay: decode events that could not be recorded with the current code, and record those that now can be."""

from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

import msgspec

from acsevents.operations.at_once import for_each
from acsevents.operations.recording import Store, read_event, record
from acsevents.operations.stored_rows import StoredRow, StoredRows
from shared.catalogue import DEAD_LETTERS
from shared.errors import ContentError
from shared.events.event import Event
from shared.lookups.reader import moment
from shared.stored import text_of


class Replayed(msgspec.Struct):
    """What a replay did.

    Attributes:
        seen: events read.
        recorded: events recorded, or without a store those that could be.
        skipped: events left out because of an erasure.
        left: events not recorded, by reason.
        came_again: events recorded whose dead letter was rewritten meanwhile and so stays; replay them again.
    """

    seen: int = 0
    recorded: int = 0
    skipped: int = 0
    left: dict[str, int] = msgspec.field(default_factory=dict)
    came_again: int = 0

    def leave(self, problem: ContentError) -> None:
        """Count an event that is not recorded."""
        self.left[problem.reason] = self.left.get(problem.reason, 0) + 1


class FromFile(NamedTuple):
    """The text of one event, and a description of where it came from."""

    where: str
    text: str


Tell = Callable[[str], None]
"""Receives one line, without personal data, about each event that was not recorded."""

Redact = Callable[[Event], Event | None]
"""Returns the event as it may be recorded after an erasure, None if it may not be."""


async def replay_dead_letters(
    stored: StoredRows,
    store: Store | None,
    replayed: Replayed,
    *,
    reason: str | None = None,
    since: int | None = None,
    id_: str | None = None,
    tell: Tell = lambda _: None,
) -> None:
    """Record the events of `DeadLetters`, and remove each dead letter once its event is recorded.

    Args:
        stored: where the dead letters are.
        store: where to write records; if None, only count what could be recorded.
        replayed: what was done so far; it counts up while this works.
        reason: only those with this reason.
        since: only those stored since these ticks.
        id_: only the one with this id.
        tell: called for each dead letter that stays.

    Raises:
        StorageError: the tables did not accept a record; those recorded before it are kept.
    """

    async def one(row: StoredRow) -> None:
        replayed.seen += 1
        problem = await _record_text(row, store)
        if problem is not None:
            replayed.leave(problem)
            tell(f"{row.place[1]} {row.place[2]}: {problem.reason}: {problem}")
            return
        replayed.recorded += 1
        if store is not None and not await stored.delete(row.place, row.etag):
            replayed.came_again += 1

    conditions = {"Reason eq @reason": reason, "Timestamp ge @since": since, "RowKey eq @id": id_}
    condition = " and ".join(name for name, value in conditions.items() if value is not None)
    values = {"reason": reason, "since": moment(since or 0), "id": id_}
    await for_each(stored.scan(DEAD_LETTERS, condition, values), one)


async def replay_texts(
    texts: AsyncIterator[FromFile],
    store: Store | None,
    replayed: Replayed,
    *,
    redact: Redact | None = None,
    tell: Tell = lambda _: None,
) -> None:
    """Record events from files; the files are not changed, and recording an event twice changes nothing.

    Args:
        texts: the events.
        store: where to write records; if None, only count what could be recorded.
        replayed: what was done so far; it counts up while this works.
        redact: called first with each event, so that erased people do not come back.
        tell: called for each event that is not recorded.

    Raises:
        StorageError: the tables did not accept a record; those recorded before it are kept.
    """

    async def one(source: FromFile) -> None:
        replayed.seen += 1
        event: Event | ContentError | None = read_event(source.text)
        if isinstance(event, Event) and redact is not None:
            event = _redacted(event, redact)
        if event is None:
            replayed.skipped += 1
            return
        problem = event if isinstance(event, ContentError) else await record(store, event)
        if problem is None:
            replayed.recorded += 1
            return
        replayed.leave(problem)
        tell(f"{source.where}: {problem.reason}: {problem}")

    await for_each(texts, one)


def _redacted(event: Event, redact: Redact) -> Event | ContentError | None:
    try:
        return redact(event)
    except ContentError as error:
        return error


async def _record_text(row: StoredRow, store: Store | None) -> ContentError | None:
    try:
        event = read_event(text_of(row.entity))
    except ContentError as error:
        return error
    return event if isinstance(event, ContentError) else await record(store, event)
