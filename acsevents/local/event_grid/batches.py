"""Batches: which waiting events are delivered in one request."""

from collections import deque
from dataclasses import dataclass
from datetime import datetime

from acsevents.local.event_grid.events import Event


@dataclass(slots=True)
class Pending:
    """An event that is being delivered to one subscription, and its attempts so far. Times are UTC."""

    event: Event
    published: datetime
    attempts: int = 0
    outcome: str = ""
    attempted: datetime | None = None


def take(waiting: deque[Pending], max_events: int, preferred_bytes: int) -> list[Pending]:
    """Remove the next batch from the front of the queue: as many events of one schema as fit.

    The first event is always taken, alone if it is larger than the preferred size.
    """
    batch = [waiting.popleft()]
    size = len(batch[0].event.text)
    while waiting and len(batch) < max_events and waiting[0].event.schema == batch[0].event.schema:
        size += len(waiting[0].event.text)
        if size > preferred_bytes:
            break
        batch.append(waiting.popleft())
    return batch
