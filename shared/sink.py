"""Receive one event: decode and write it, or file it as a dead letter. The failure policy, in one place.

content is at fault   dead letter, acknowledge       (a redelivery would not help)
storage is at fault   raise: the host answers 500    (Event Grid delivers again)
"""

import asyncio
import functools
import logging
import os
import traceback
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

from azure.eventgrid import SystemEventNames

from shared.catalogue import EVENT_TYPES, FAMILIES
from shared.decoder import decode
from shared.errors import ContentError, InternalError, Oversized, RowRefused, StorageError
from shared.events.event import Event
from shared.rows.dead_letters import dead_letter, without_what_the_sender_chose
from shared.rows.records import record_rows
from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row, encode
from shared.storage.settings import read_settings
from shared.storage.tables import Tables

_log = logging.getLogger("acs_event_sink")

# Event Grid gives up on a delivery after 30 s and then delivers again, beside a call that is still at work.
ANSWER_WITHIN_SECONDS: Final = 18.0
_KNOWN_TYPES = frozenset(name.value for name in SystemEventNames)
_FAMILY_OF = {family.function: family for family in FAMILIES}


class Recorded(NamedTuple):
    """The event is in its tables."""

    event: Event


class DeadLettered(NamedTuple):
    """The event is in `DeadLetters`."""

    error: ContentError


class Store(Protocol):
    """Where rows are kept; `shared.storage.group_commit.GroupCommit` is the real one."""

    async def write(self, rows: Sequence[Row]) -> None:
        """Write rows; returns when all are durable, raises `StorageError` otherwise."""
        ...


class Sink:
    """Records events in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def receive(self, text: str | bytes, *, function: str) -> Recorded | DeadLettered:
        """Keep one event, as delivered to a function; when this returns, it is durable.

        Raises:
            StorageError: the tables did not take it; Event Grid is to deliver it again.
        """
        try:
            async with asyncio.timeout(ANSWER_WITHIN_SECONDS):
                return await self._receive(text, function)
        except TimeoutError:
            raise StorageError(f"not written within {ANSWER_WITHIN_SECONDS:g} s") from None

    async def _receive(self, text: str | bytes, function: str) -> Recorded | DeadLettered:
        decoded = _decoded(text)
        if isinstance(decoded, ContentError):
            return await self._file(text, function, decoded)
        event, rows = decoded
        if EVENT_TYPES[event.type].family is not _FAMILY_OF.get(function):
            _log.warning("misrouted: %s was delivered to %s", event.type, function)
        try:
            await self._store.write(rows)
        except RowRefused as refusal:
            _log.error("a record was refused: %s", refusal)
            return await self._file(text, function, _refused(event, refusal))
        return Recorded(event)

    async def _file(self, text: str | bytes, function: str, error: ContentError) -> DeadLettered:
        try:
            table, entity = dead_letter(function, text, error)
        except Oversized as oversized:
            raise StorageError("not even the dead letter fits a row") from oversized
        try:
            await self._store.write([encode(table, entity)])
        except RowRefused as refusal:  # the sender's id or type may be what the service does not like
            await self._store.write([encode(table, without_what_the_sender_chose(entity, text, str(refusal)))])
        # A type that nobody knows is whatever its sender wrote: it stands in the dead letter, not in the log.
        known = error.event_type if error.event_type in _KNOWN_TYPES else "an unknown type"
        _log.warning("dead letter in %s: %s, %s", function, error.reason, known)
        return DeadLettered(error)


def _decoded(text: str | bytes) -> tuple[Event, list[Row]] | ContentError:
    """Tell what an event becomes, or why nothing; raises for no content whatever."""
    try:
        event = decode(text)
        return event, [encode(table, entity) for table, entity in record_rows(event)]
    except ContentError as error:
        return error
    except Exception as bug:  # noqa: BLE001  whatever it is, the event is kept and Event Grid must not loop on it
        # The traceback's frames only: the message of an exception may quote the event.
        frames = "".join(traceback.format_tb(bug.__traceback__))
        _log.error("a bug in the decoder: %s\n%s", type(bug).__name__, frames)
        return InternalError(f"a bug in the decoder: {type(bug).__name__}")


def _refused(event: Event, refusal: RowRefused) -> ContentError:
    return InternalError(str(refusal), event_id=event.envelope.id, event_type=event.type)


@functools.cache
def _sink_of_this_process() -> Sink:
    return Sink(GroupCommit(Tables(read_settings(os.environ))))


async def receive(text: str, *, function: str) -> None:
    """Keep one event with this process's own sink; what the triggers call.

    Raises:
        SettingsError: no table storage is set, or not usably.
        StorageError: the tables did not take the event; Event Grid is to deliver it again.
    """
    await _sink_of_this_process().receive(text, function=function)
