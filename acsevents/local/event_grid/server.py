"""The stand-in as a whole: topic, event subscriptions, deliveries and counts, started and stopped together."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import aiohttp

from acsevents.local import LocalStackError
from acsevents.local.event_grid import topic
from acsevents.local.event_grid.batches import Pending
from acsevents.local.event_grid.chaos import Chaos
from acsevents.local.event_grid.dead_letter import DeadLetterFolder
from acsevents.local.event_grid.delivery import Delivery, Notice
from acsevents.local.event_grid.events import Event, delivered_as
from acsevents.local.event_grid.filters import wants
from acsevents.local.event_grid.webhook import Webhook
from acsevents.local.ports import listening
from acsevents.subscriptions import EventSubscription


class NotDrained(LocalStackError):  # noqa: N818  # what happened
    """Events were still undelivered at the end of the wait."""


class EventGrid:
    """A running stand-in, created by `start`.

    Attributes:
        endpoint: URL to publish to.
        counts: number of events `published`, of those `matched` (once for each event subscription that matches), and of
            each outcome in `Notice`.
    """

    def __init__(self, watch: Callable[[Notice], None]) -> None:
        self.endpoint = ""
        self.counts: Counter[str] = Counter()
        self._watch = watch
        self._idle = asyncio.Event()
        self._idle.set()
        self._deliveries: list[tuple[EventSubscription, Delivery]] = []

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        subscriptions: Sequence[EventSubscription],
        webhook: str,
        dead_letter_folder: Path,
        port: int = 0,
        time_scale: float = 1.0,
        response_timeout: float = 30.0,
        chaos: Chaos | None = None,
        watch: Callable[[Notice], None] = lambda _notice: None,
    ) -> AsyncIterator[Self]:
        """Run until the block ends. Undelivered events are then lost, so call `drain` first.

        Args:
            subscriptions: the event subscriptions.
            webhook: base URL of the Functions host, such as `http://127.0.0.1:7071`.
            dead_letter_folder: replaces the dead-letter containers.
            port: the port on 127.0.0.1; 0 for any free one.
            time_scale: factor on the retry schedule and the time to live; 0.01 turns 10 s into 0.1 s.
            response_timeout: seconds that the webhook has to respond, not scaled.
            chaos: the switches; all off by default.
            watch: called with the outcome of each event.

        Raises:
            LocalStackError: a webhook is missing or fails its validation, the port is in use, or a dead letter cannot
                be written, which also cancels the block.
        """
        grid = cls(watch)
        chaos = chaos or Chaos()
        limit = aiohttp.ClientTimeout(total=response_timeout)
        async with aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(limit=0)) as session:
            for one in subscriptions:
                hook = Webhook(session, webhook, one)
                await hook.validate()
                letters = DeadLetterFolder(dead_letter_folder, one.name) if one.policy.dead_letter_container else None
                delivery = Delivery(one, hook, letters=letters, chaos=chaos, time_scale=time_scale, notify=grid._count)
                grid._deliveries.append((one, delivery))
            async with grid._delivering(), listening(topic.application(grid._publish), port, patience=1) as url:
                grid.endpoint = f"{url}{topic.PATH}"
                yield grid

    @property
    def under_way(self) -> int:
        """The number of events that are neither delivered nor given up."""
        counts = self.counts
        return counts["matched"] - counts["delivered"] - counts["dead_lettered"] - counts["discarded"]

    async def drain(self, seconds: float) -> None:
        """Wait until every published event is delivered or given up.

        Raises:
            NotDrained: some events were still undelivered after that many seconds.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            raise NotDrained(
                f"{self.under_way} events are undelivered after {seconds} s; "
                "wait longer, lower time_scale, or find out why the webhook refuses them"
            ) from None

    def _publish(self, events: Sequence[Event]) -> None:
        now = datetime.now(UTC)
        for event in events:
            matching = [one for one in self._deliveries if wants(one[0], event)]
            for subscription, delivery in matching:
                delivery.enqueue(Pending(delivered_as(event, subscription.policy.event_delivery_schema), now))
            self.counts["matched"] += len(matching)
            if not matching:
                self._count(Notice("dropped", "", event, "no event subscription takes its type"))
        self.counts["published"] += len(events)
        if self.under_way:
            self._idle.clear()

    def _count(self, notice: Notice) -> None:
        self.counts[notice.what] += 1
        if not self.under_way:
            self._idle.set()
        self._watch(notice)

    @asynccontextmanager
    async def _delivering(self) -> AsyncIterator[None]:
        """Deliver during the block, and cancel the block if deliveries fail."""
        owner = asyncio.current_task()
        assert owner is not None  # noqa: S101  # coroutines run in tasks
        runs = [asyncio.create_task(delivery.run()) for _, delivery in self._deliveries]
        for run in runs:
            run.add_done_callback(lambda ended: ended.cancelled() or owner.cancel())
        try:
            yield
        finally:
            for run in runs:
                run.cancel()
            for end in await asyncio.gather(*runs, return_exceptions=True):
                if isinstance(end, Exception):  # unlike CancelledError, the usual end
                    owner.uncancel()
                    raise end
