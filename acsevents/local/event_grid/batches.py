"""Which waiting events go out together."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from acsevents.local.event_grid.events import Event


@dataclass(slots=True)
class Pending:
    """An event on its way to one subscription, and what became of it so far. Times are UTC."""

    event: Event
    published: datetime
    attempts: int = 0
    outcome: str = ""
    attempted: datetime | None = None


def take(waiting: deque[Pending], max_events: int, preferred_bytes: int) -> list[Pending]:
    """Take the next batch off the front: as many as fit, never waiting for more.

    The first event always goes, alone if it is larger than the preferred size; all are of one schema.
    """
    batch = [waiting.popleft()]
    size = len(batch[0].event.text)
    while waiting and len(batch) < max_events and waiting[0].event.schema == batch[0].event.schema:
        size += len(waiting[0].event.text)
        if size > preferred_bytes:
            break
        batch.append(waiting.popleft())
    return batch
