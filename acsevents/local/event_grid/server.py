"""The whole stand-in: topic, event subscriptions, deliveries and counts, started and stopped together."""

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


class NotDrained(LocalStackError):  # noqa: N818  # reads as what happened
    """Events were still on their way when the time was up."""


class EventGrid:
    """A running stand-in, made by `start`.

    Attributes:
        endpoint: URL to publish to.
        counts: what happened so far: events `published`, those `matched`, once for each event subscription that
            wants them, and what became of them in the words of `Notice`.
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
        """Run until the block ends; undelivered events are lost then, so `drain` first.

        Args:
            subscriptions: the event subscriptions.
            webhook: base URL of the Functions host, such as `http://127.0.0.1:7071`.
            dead_letter_folder: stands for the dead-letter containers.
            port: on 127.0.0.1; 0 takes a free one.
            time_scale: factor on the retry schedule and the time to live, 0.01 makes 10 s 0.1 s.
            response_timeout: seconds the webhook has to answer, not scaled.
            chaos: the switches; none by default.
            watch: is told what becomes of each event.

        Raises:
            LocalStackError: a function's webhook is not there or does not want the events, the port is taken, or a
                dead letter could not be written; the block is cancelled then.
        """
        grid = cls(watch)
        chaos = chaos or Chaos()
        limit = aiohttp.ClientTimeout(total=response_timeout)
        async with aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(limit=0)) as session:
            for one in subscriptions:
                hook = Webhook(session, webhook, one)
                await hook.validate()
                letters = DeadLetterFolder(dead_letter_folder, one.name) if one.policy.dead_letter_container else None
                delivery = Delivery(one, hook, letters=letters, chaos=chaos, time_scale=time_scale, tell=grid._tell)
                grid._deliveries.append((one, delivery))
            async with grid._delivering(), listening(topic.application(grid._publish), port, patience=1) as url:
                grid.endpoint = f"{url}{topic.PATH}"
                yield grid

    @property
    def under_way(self) -> int:
        """How many events are neither delivered nor given up."""
        counts = self.counts
        return counts["matched"] - counts["delivered"] - counts["dead_lettered"] - counts["discarded"]

    async def drain(self, seconds: float) -> None:
        """Wait until every published event is delivered or given up.

        Raises:
            NotDrained: some were still on their way after that many seconds.
        """
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            raise NotDrained(
                f"{self.under_way} events are undelivered after {seconds} s; "
                "wait longer, lower time_scale, or see why the webhook refuses them"
            ) from None

    def _publish(self, events: Sequence[Event]) -> None:
        now = datetime.now(UTC)
        for event in events:
            takers = [one for one in self._deliveries if wants(one[0], event)]
            for subscription, delivery in takers:
                delivery.enqueue(Pending(delivered_as(event, subscription.policy.event_delivery_schema), now))
            self.counts["matched"] += len(takers)
            if not takers:
                self._tell(Notice("dropped", "", event, "no event subscription takes its type"))
        self.counts["published"] += len(events)
        if self.under_way:
            self._idle.clear()

    def _tell(self, notice: Notice) -> None:
        self.counts[notice.what] += 1
        if not self.under_way:
            self._idle.set()
        self._watch(notice)

    @asynccontextmanager
    async def _delivering(self) -> AsyncIterator[None]:
        """Deliver during the block, and cancel it when that is no longer possible."""
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
                if isinstance(end, Exception):  # CancelledError, the ordinary end, is none
                    owner.uncancel()
                    raise end
