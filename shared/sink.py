"""Receive one event: decode and write it, or file it as a dead letter. The failure policy, in one place.

content is at fault   dead letter, acknowledge       (a redelivery would not help)
storage is at fault   raise: the host answers 500    (Event Grid delivers again)
"""

import asyncio
import logging
import os
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple, Protocol, TypeVar

from shared.catalogue import EVENT_TYPES, FAMILIES
from shared.decoder import decode
from shared.errors import ContentError, InternalError, Oversized, RowRefused, StorageError
from shared.events.event import Event
from shared.intake import Intake
from shared.rows.dead_letters import dead_letter, without_what_the_sender_chose
from shared.rows.records import record_rows
from shared.storage.group_commit import GroupCommit
from shared.storage.lane import Write
from shared.storage.odata import Row, encode_rows
from shared.storage.settings import read_settings
from shared.storage.tables import Tables

_log = logging.getLogger("acs_event_sink")

# Event Grid gives up on a delivery after 30 s and then delivers again, beside a call that is still at work.
ANSWER_WITHIN_SECONDS: Final = 18.0
_COMPANY_SECONDS: Final = 0.050  # for so long after two calls overlapped, the next one is expected to overlap, too
# What an event takes in memory while it is under way: its text, and rows that repeat it.
_BYTES_PER_CHARACTER: Final = 4
_BYTES_PER_EVENT: Final = 4_096
_FAMILY_OF = {family.function: family for family in FAMILIES}

Made = TypeVar("Made")


class Recorded(NamedTuple):
    """The event is in its tables."""

    event: Event


class DeadLettered(NamedTuple):
    """The event is in `DeadLetters`."""

    error: ContentError


class Store(Protocol):
    """Where rows are kept; `shared.storage.group_commit.GroupCommit` is the real one."""

    def try_reserve(self, size: int) -> bool:
        """Reserve room for about so many bytes if there is any; return whether there was."""
        ...

    async def reserve(self, size: int, *, deadline: float) -> int:
        """Wait for room and return what to release; raises `StorageError` if there is no hope of it."""
        ...

    def release(self, size: int) -> None:
        """Give back what was reserved."""
        ...

    def begin(self, rows: Sequence[Row], write: Write) -> None:
        """Write rows, all or none, and settle `write`; raises `StorageError` if that cannot be begun."""
        ...


class _Call(Write):
    """A call under way: one event, its rows and who waits for them.

    Attributes:
        text: the event as delivered.
        outcome: the event, or why it cannot be recorded; known once the call is settled.
    """

    __slots__ = ("outcome", "text")

    outcome: Event | ContentError

    def __init__(self, text: str | bytes, deadline: float) -> None:
        super().__init__(deadline)
        self.text = text


class Sink:
    """Records events in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._intake = Intake(decode_together, self._record)
        self._calls = 0
        self._company_until = 0.0

    async def receive(self, text: str | bytes, *, function: str) -> Recorded | DeadLettered:
        """Record one event, as delivered to a function; when this returns, it is durable.

        Raises:
            StorageError: the tables did not take it; Event Grid is to deliver it again.
        """
        now = asyncio.get_running_loop().time()
        call = _Call(text, now + ANSWER_WITHIN_SECONDS)
        size = _BYTES_PER_CHARACTER * len(text) + _BYTES_PER_EVENT
        reserved = size if self._store.try_reserve(size) else 0
        # A lone call waits for no others. The first call after a burst is not a lone one: the host hands over the
        # next events as soon as the last ones are answered.
        is_alone = not self._calls and now >= self._company_until
        self._calls += 1
        if self._calls > 1:
            self._company_until = now + _COMPANY_SECONDS
        try:
            if not reserved:
                reserved = await self._store.reserve(size, deadline=call.deadline)
            self._intake.take(call, is_alone=is_alone)
            await call.settled
            outcome = _outcome(call, function)
            return Recorded(outcome) if isinstance(outcome, Event) else await self._dead_letter(call, function, outcome)
        finally:
            self._calls -= 1
            self._store.release(reserved)

    def _record(self, call: _Call, decoded: tuple[Event, list[Row]] | ContentError) -> None:
        """Begin to write the rows of a call, if its text is an event."""
        if isinstance(decoded, ContentError):
            call.outcome = decoded
            call.expect(0)
            return
        call.outcome, rows = decoded
        try:
            self._store.begin(rows, call)
        except StorageError as error:
            call.fail(error)
        except Exception as bug:  # noqa: BLE001  a bug must fail its own call and no other
            call.fail(StorageError(f"the write failed: {type(bug).__name__}").with_traceback(bug.__traceback__))

    async def _dead_letter(self, call: _Call, function: str, error: ContentError) -> DeadLettered:
        try:
            letter = dead_letter(function, call.text, error)
        except Oversized as oversized:
            raise StorageError("not even the dead letter fits a row") from oversized
        try:
            await self._write(encode_rows([letter]), call.deadline)
        except RowRefused as refusal:  # perhaps for the id or the type, which the sender chose
            rest = without_what_the_sender_chose(letter, call.text, str(refusal))
            await self._write(encode_rows([rest]), call.deadline)
        # An unknown type is text of the sender: it belongs in the dead letter, not in the log.
        known = error.event_type if error.event_type in EVENT_TYPES else "an unknown type"
        _log.warning("dead letter in %s: %s, %s", function, error.reason, known)
        return DeadLettered(error)

    async def _write(self, rows: Sequence[Row], deadline: float) -> None:
        write = Write(deadline)
        self._store.begin(rows, write)
        await write.settled
        write.check()


def decode_together(texts: Sequence[str | bytes]) -> list[tuple[Event, list[Row]] | ContentError]:
    """Return each event and its encoded rows, or why it cannot be recorded; never raise, whatever the content.

    Each step is done for all texts before the next one begins: its code and what it reads then stay in the processor's
    caches.
    """
    events = _each(decode, texts)
    rows = _each(encode_rows, _each(record_rows, events))
    return [
        event if isinstance(event, ContentError) else encoded if isinstance(encoded, ContentError) else (event, encoded)
        for event, encoded in zip(events, rows, strict=True)
    ]


def _each(step: Callable[[Any], Made], values: Iterable[object]) -> list[Made | ContentError]:
    """Return what a step makes of each value; an error takes the place of a result, and later steps pass it on."""
    results: list[Made | ContentError] = []
    for value in values:
        if isinstance(value, ContentError):
            results.append(value)
            continue
        try:
            results.append(step(value))
        except ContentError as error:
            results.append(error)
        except Exception as bug:  # noqa: BLE001  whatever it is, the event is kept and Event Grid must not loop on it
            # The traceback's frames only: the message of an exception may quote the event.
            frames = "".join(traceback.format_tb(bug.__traceback__))
            _log.error("a bug in the decoder: %s\n%s", type(bug).__name__, frames)
            results.append(InternalError(f"a bug in the decoder: {type(bug).__name__}"))
    return results


def _outcome(call: _Call, function: str) -> Event | ContentError:
    """Return the event, which is durable, or why it cannot be recorded; raises `StorageError`."""
    event = call.outcome
    if isinstance(event, ContentError):
        return event
    if EVENT_TYPES[event.type].family is not _FAMILY_OF.get(function):
        _log.warning("misrouted: %s was delivered to %s", event.type, function)
    try:
        call.check()
    except RowRefused as refusal:
        _log.error("a record was refused: %s", refusal)
        return InternalError(str(refusal), event_id=event.envelope.id, event_type=event.type)
    return event


@lru_cache(maxsize=1)  # futures and connections belong to an event loop: a worker that changes its loop needs another
def _sink_of(_loop: asyncio.AbstractEventLoop) -> Sink:
    return Sink(GroupCommit(Tables(read_settings(os.environ))))


async def receive(text: str, *, function: str) -> None:
    """Record one event with the sink of this worker; the triggers call this.

    Raises:
        SettingsError: no table storage is set, or not usably.
        StorageError: the tables did not take the event; Event Grid is to deliver it again.
    """
    await _sink_of(asyncio.get_running_loop()).receive(text, function=function)
