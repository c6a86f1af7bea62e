"""One event subscription's deliveries: at least once, unordered, until accepted or given up.

https://learn.microsoft.com/azure/event-grid/delivery-and-retry
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from acsevents.local.event_grid.batches import Pending, take
from acsevents.local.event_grid.chaos import Chaos
from acsevents.local.event_grid.schedule import (
    ATTEMPTS_EXCEEDED,
    NEVER_RETRIED,
    TIME_EXCEEDED,
    TIMED_OUT,
    Outcome,
    delay,
)
from acsevents.local.event_grid.subscriptions import EventSubscription
from acsevents.local.event_grid.webhook import Webhook

CONCURRENCY = 16  # requests under way at once; while all are busy, batches fill
_CHAOS_DELAY = 10.0  # seconds

Letter = tuple[Pending, str]


class Delivery:
    """The queue of one event subscription and what drains it.

    Args:
        subscription: its batching, retry policy and name.
        webhook: where the events go.
        chaos: the switches, and the chance in the retry schedule.
        time_scale: factor on the retry schedule and the time to live.
        delivered: told of accepted events.
        retried: told of events that are due again.
        given_up: told of undeliverable events and why.
    """

    def __init__(
        self,
        subscription: EventSubscription,
        webhook: Webhook,
        chaos: Chaos,
        time_scale: float,
        *,
        delivered: Callable[[Sequence[Pending]], None],
        retried: Callable[[Sequence[Pending]], None],
        given_up: Callable[[Sequence[Letter]], None],
    ) -> None:
        batching = subscription.properties.destination.properties
        policy = subscription.properties.retry_policy
        self._limits = (batching.max_events_per_batch, batching.preferred_batch_size_in_kilobytes * 1024)
        self._max_attempts = policy.max_delivery_attempts
        self._time_to_live = timedelta(minutes=policy.event_time_to_live_in_minutes) * time_scale
        self._webhook = webhook
        self._chaos = chaos
        self._time_scale = time_scale
        self._delivered, self._retried, self._given_up = delivered, retried, given_up
        self._waiting: deque[Pending] = deque()
        self._due: deque[list[Pending]] = deque()  # failed batches stay together: all or none
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(CONCURRENCY)

    def enqueue(self, pending: Pending) -> None:
        """Take one more event to deliver."""
        self._waiting.append(pending)
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            ExceptionGroup: dead letters cannot be written.
        """
        async with asyncio.TaskGroup() as attempts:
            while True:
                await self._slots.acquire()
                while not (self._due or self._waiting):
                    self._wake.clear()
                    await self._wake.wait()
                attempts.create_task(self._attempt(self._next()))

    def _next(self) -> list[Pending]:
        reorder = self._chaos.strikes("reorder")
        if self._due:
            batch = self._due.popleft()
        else:
            if reorder:
                self._waiting.rotate(self._chaos.rng.randrange(len(self._waiting)))
            batch = take(self._waiting, *self._limits)
        if reorder:
            self._chaos.rng.shuffle(batch)
        if len(batch) > 1 and self._chaos.strikes("split"):
            cut = self._chaos.rng.randrange(1, len(batch))
            self._due.append(batch[cut:])
            return batch[:cut]
        return batch

    async def _attempt(self, batch: list[Pending]) -> None:
        try:
            batch = self._without_expired(batch)
            if not batch:
                return
            outcome = await self._post(batch)
        finally:
            self._slots.release()
        if outcome.accepted:
            self._delivered(batch)
        elif outcome.status in NEVER_RETRIED:
            self._given_up([(pending, NEVER_RETRIED[outcome.status]) for pending in batch])
        else:
            await self._retry(batch, outcome)

    def _without_expired(self, batch: list[Pending]) -> list[Pending]:
        oldest = datetime.now(UTC) - self._time_to_live
        expired = [pending for pending in batch if pending.published < oldest]
        if expired:
            self._given_up([(pending, TIME_EXCEEDED) for pending in expired])
        return [pending for pending in batch if pending.published >= oldest]

    async def _post(self, batch: list[Pending]) -> Outcome:
        if self._chaos.strikes("delay"):
            await asyncio.sleep(self._chaos.rng.uniform(0, _CHAOS_DELAY) * self._time_scale)
        copies = 2 if self._chaos.strikes("duplicate") else 1
        outcome, *_ = await asyncio.gather(*(self._webhook.post(batch) for _ in range(copies)))
        if self._chaos.strikes("drop_reply"):
            outcome = TIMED_OUT
        for pending in batch:
            pending.attempts += 1
            pending.outcome = outcome.name
            pending.attempted = datetime.now(UTC)
        return outcome

    async def _retry(self, batch: list[Pending], outcome: Outcome) -> None:
        spent = [pending for pending in batch if pending.attempts >= self._max_attempts]
        if spent:
            self._given_up([(pending, ATTEMPTS_EXCEEDED) for pending in spent])
        batch = [pending for pending in batch if pending.attempts < self._max_attempts]
        if not batch:
            return
        self._retried(batch)
        most = max(pending.attempts for pending in batch)
        await asyncio.sleep(delay(most, outcome, self._chaos.rng.random()) * self._time_scale)
        if self._chaos.strikes("merge"):
            self._waiting.extend(batch)
        else:
            self._due.append(batch)
        self._wake.set()
