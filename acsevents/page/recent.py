"""Numbers and threads with recent events, from a bounded number of the newest events."""

from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Final

import msgspec

from acsevents.page.search import latest_first
from shared.lookups import EventLine, EventQuery, Lookups

READ: Final = 1_000  # newest events
_AT_ONCE: Final = 300  # rows of each shard


class Recent(msgspec.Struct):
    """A number or a thread.

    Attributes:
        id: the number, or the id of the thread.
        last: its newest event.
        events: how many of the newest events are its.
        topic: the newest topic of a thread.
    """

    id: str
    last: EventLine
    events: int = 0
    topic: str | None = None


async def recent(lookups: Lookups, owner: Callable[[EventLine], str | None]) -> list[Recent]:
    """Return the owners of the newest events, the one of the last event first."""
    found: dict[str, Recent] = {}
    async with aclosing(_newest(lookups)) as lines:
        async for line in lines:
            id_ = owner(line)
            if id_ is not None:
                one = found.setdefault(id_, Recent(id_, line))
                one.events += 1
                if line.kind.startswith("thread."):
                    one.topic = one.topic or line.what
    return [*found.values()]


async def _newest(lookups: Lookups) -> AsyncGenerator[EventLine]:
    """Yield the newest events."""
    left = READ
    for stretch in latest_first(EventQuery(), lookups):
        async with aclosing(lookups.lines_of(await lookups.source(stretch), page=_AT_ONCE)) as lines:
            async for line in lines:
                yield line
                left -= 1
                if left == 0:
                    return
