"""Deliveries of one event subscription: at least once, unordered, until accepted or given up.

https://learn.microsoft.com/azure/event-grid/delivery-and-retry
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from acsevents.local.event_grid.batches import Pending, take
from acsevents.local.event_grid.chaos import Chaos
from acsevents.local.event_grid.dead_letter import DeadLetterFolder
from acsevents.local.event_grid.events import Event
from acsevents.local.event_grid.schedule import (
    ATTEMPTS_EXCEEDED,
    NEVER_RETRIED,
    TIME_EXCEEDED,
    TIMED_OUT,
    Outcome,
    delay,
)
from acsevents.local.event_grid.webhook import Webhook
from acsevents.subscriptions import EventSubscription

CONCURRENCY = 16  # concurrent requests; while all are busy, batches fill
_CHAOS_DELAY = 10.0  # seconds


What = Literal["dropped", "delivered", "retried", "dead_lettered", "discarded"]


class Notice(NamedTuple):
    """The outcome of one event at one event subscription.

    Attributes:
        what: `dropped`, if no event subscription matches it; `delivered`; `retried`, if it failed and is due again;
            `dead_lettered`; or `discarded`, if it was given up and there is no dead-letter container.
        subscription: name of the event subscription, "" for a dropped event.
        event: the event.
        detail: the outcome of the last attempt, or the reason for giving up.
    """

    what: What
    subscription: str
    event: Event
    detail: str = ""


class Delivery:
    """The queue of one event subscription, and its deliveries.

    Args:
        subscription: determines batching and retries.
        webhook: the endpoint.
        letters: receives events that are given up; if None, they are discarded.
        chaos: the switches, and the random numbers for the retry schedule.
        time_scale: factor on the retry schedule and the time to live.
        notify: called with the outcome of each event.
    """

    def __init__(
        self,
        subscription: EventSubscription,
        webhook: Webhook,
        *,
        letters: DeadLetterFolder | None,
        chaos: Chaos,
        time_scale: float,
        notify: Callable[[Notice], None],
    ) -> None:
        policy = subscription.policy
        self._name = subscription.name
        self._limits = (policy.max_events_per_batch, policy.preferred_batch_size_in_kilobytes * 1024)
        self._max_attempts = policy.max_delivery_attempts
        self._time_to_live = timedelta(minutes=policy.event_time_to_live_in_minutes) * time_scale
        self._webhook = webhook
        self._letters = letters
        self._chaos = chaos
        self._time_scale = time_scale
        self._notify = notify
        self._waiting: deque[Pending] = deque()
        self._due: deque[list[Pending]] = deque()  # failed batches stay together
        self._wake = asyncio.Event()
        self._slots = asyncio.Semaphore(CONCURRENCY)

    def enqueue(self, pending: Pending) -> None:
        """Add an event to the queue."""
        self._waiting.append(pending)
        self._wake.set()

    async def run(self) -> None:
        """Deliver until cancelled.

        Raises:
            LocalStackError: dead letters cannot be written.
        """
        try:
            async with asyncio.TaskGroup() as attempts:
                while True:
                    await self._slots.acquire()
                    while not (self._due or self._waiting):
                        self._wake.clear()
                        await self._wake.wait()
                    attempts.create_task(self._attempt(self._next()))
        except ExceptionGroup as group:  # raise the error itself, without the group
            raise group.exceptions[0] from group

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
        oldest = datetime.now(UTC) - self._time_to_live
        try:
            self._give_up([pending for pending in batch if pending.published < oldest], TIME_EXCEEDED)
            batch = [pending for pending in batch if pending.published >= oldest]
            if not batch:
                return
            outcome = await self._post(batch)
        finally:
            self._slots.release()
        if outcome.accepted:
            self._notify_all(batch, "delivered", outcome.name)
        elif outcome.status in NEVER_RETRIED:
            self._give_up(batch, NEVER_RETRIED[outcome.status])
        else:
            await self._retry(batch, outcome)

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
        self._give_up([pending for pending in batch if pending.attempts >= self._max_attempts], ATTEMPTS_EXCEEDED)
        batch = [pending for pending in batch if pending.attempts < self._max_attempts]
        if not batch:
            return
        self._notify_all(batch, "retried", outcome.name)
        most = max(pending.attempts for pending in batch)
        await asyncio.sleep(delay(most, outcome, self._chaos.rng.random()) * self._time_scale)
        if self._chaos.strikes("merge"):
            self._waiting.extend(batch)
        else:
            self._due.append(batch)
        self._wake.set()

    def _give_up(self, batch: Sequence[Pending], reason: str) -> None:
        if batch and self._letters:
            self._letters.write(batch, reason)
        self._notify_all(batch, "dead_lettered" if self._letters else "discarded", reason)

    def _notify_all(self, batch: Sequence[Pending], what: What, detail: str) -> None:
        for pending in batch:
            self._notify(Notice(what, self._name, pending.event, detail))
