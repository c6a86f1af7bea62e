"""Past events, newest first, up to a number of lines or a time limit."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from datetime import timedelta
from typing import Final, NamedTuple

import msgspec

from acsevents.page.filters import Filters
from shared.catalogue import TIMELINE
from shared.events.timestamps import TICKS_PER_SECOND, edm
from shared.lookups import EventLine, EventQuery, Handle, Lookups
from shared.lookups.reader import PAGE, ticks_of
from shared.lookups.timeline import Source

_PATIENCE: Final = 3.0  # seconds
_REACHES: Final = (timedelta(hours=1), timedelta(hours=12), timedelta(days=7), timedelta(days=90), timedelta(days=1500))
_LATELY: Final = _REACHES[:3]  # where every event matches, more rounds would cost more than they spare


class Found(NamedTuple):
    """The result of a search.

    Attributes:
        lines: the events, newest first.
        more: whether there are, or may be, older ones.
        searched_to: the time back to which the search is complete, if the time limit ended it.
        of_owner: whether the events are from the partition of a number, user or thread.
    """

    lines: list[EventLine]
    more: bool
    searched_to: str | None = None
    of_owner: bool = False


async def search(lookups: Lookups, filters: Filters, limit: int) -> Found:
    """Return the newest events that match some filters.

    It queries a short period first and then longer ones: an emulator reads and sorts whatever is in the period, and a
    search for rare events can report how far it got.
    """
    lines: list[EventLine] = []
    searched_to: int | None = None
    of_owner = False
    try:
        async with asyncio.timeout(_PATIENCE if filters.narrow else None):
            for stretch in _stretches(filters, lookups):
                source = await lookups.source(stretch)
                of_owner = source.table != TIMELINE
                async with aclosing(_lines(lookups, filters, source, limit + 1 - len(lines))) as found:
                    async for line in found:
                        lines.append(line)
                        if len(lines) > limit:
                            return Found(lines[:limit], more=True, of_owner=of_owner)
                searched_to = stretch.since
    except TimeoutError:
        told = None if searched_to is None else edm(searched_to)
        return Found(lines, more=True, searched_to=told, of_owner=of_owner)
    return Found(lines, more=False, of_owner=of_owner)


def _stretches(filters: Filters, lookups: Lookups) -> Iterator[EventQuery]:
    """Return consecutive periods, the latest first."""
    wanted = filters.wanted
    if (first := filters.first) is not None:
        wanted = msgspec.structs.replace(wanted, until=min(first.ticks + 1, wanted.until or first.ticks + 1))
    return latest_first(wanted, lookups, _REACHES if filters.narrow else _LATELY)


def latest_first(wanted: EventQuery, lookups: Lookups, reaches: Sequence[timedelta] = _LATELY) -> Iterator[EventQuery]:
    """Split the period of the wanted events, by its age; yield the latest part first."""
    newest = wanted.until if wanted.until is not None else ticks_of(lookups.now())
    for reach in reaches:
        since = newest - int(reach.total_seconds()) * TICKS_PER_SECOND
        if since <= (wanted.since or 0):
            break
        yield msgspec.structs.replace(wanted, since=since)
        wanted = msgspec.structs.replace(wanted, until=since)
    yield wanted


async def _lines(lookups: Lookups, filters: Filters, source: Source, limit: int) -> AsyncGenerator[EventLine]:
    """Yield the matching events of a source after the one that the list begins after."""
    first = filters.first
    async with aclosing(lookups.lines_of(source, page=PAGE if filters.sifted else min(limit, PAGE))) as lines:
        async for line in lines:
            if filters.fits(line) and (first is None or _is_behind(Handle.parse(line.handle), first)):
                yield line


def _is_behind(handle: Handle, first: Handle) -> bool:
    """Tell whether an event follows another in the order of the tables: by time, then by digest."""
    return (-handle.ticks, handle.digest) > (-first.ticks, first.digest)
