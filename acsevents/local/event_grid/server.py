"""The whole stand-in: topic, event subscriptions, deliveries and counts, started and stopped together."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import aiohttp
from aiohttp import web

from acsevents.local.event_grid import topic as topic_endpoint
from acsevents.local.event_grid.access import LOCAL_KEY
from acsevents.local.event_grid.batches import Pending
from acsevents.local.event_grid.chaos import Chaos
from acsevents.local.event_grid.dead_letter import DeadLetterFolder
from acsevents.local.event_grid.delivery import Delivery, Letter
from acsevents.local.event_grid.events import Published, delivered_as
from acsevents.local.event_grid.filters import wants
from acsevents.local.event_grid.subscriptions import EventSubscription
from acsevents.local.event_grid.webhook import Webhook

LOCAL_TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    "/providers/Microsoft.Communication/communicationServices/acs-local"
)
_OVERHEAD = 2048  # bytes that keeping an event costs beside its text


class NotDrained(TimeoutError):  # noqa: N818  # reads as what happened
    """Events were still on their way when the time was up."""


@dataclass
class Counts:
    """What happened so far; an event counts once for each event subscription that wants it.

    `matched` is `delivered` + `dead_lettered` + `discarded` + what is still on its way.

    Attributes:
        published: events accepted by the topic.
        dropped: of these, events that no event subscription wanted.
        matched: events for an event subscription.
        delivered: accepted by the webhook.
        retried: failed and due again; an event may be so many times.
        dead_lettered: given up and written to the dead-letter folder.
        discarded: given up by an event subscription without a dead-letter destination.
    """

    published: int = 0
    dropped: int = 0
    matched: int = 0
    delivered: int = 0
    retried: int = 0
    dead_lettered: int = 0
    discarded: int = 0

    @property
    def under_way(self) -> int:
        """Events neither delivered nor given up."""
        return self.matched - self.delivered - self.dead_lettered - self.discarded


class EventGrid:
    """A running stand-in, made by `start`.

    Attributes:
        endpoint: URL to publish to.
        key: access key of the topic.
        counts: what happened so far.
    """

    def __init__(self, key: str, capacity: int) -> None:
        self.endpoint = ""
        self.key = key
        self.counts = Counts()
        self._capacity = capacity
        self._held = 0  # bytes, shared by all event subscriptions
        self._idle = asyncio.Event()
        self._idle.set()
        self._deliveries: list[tuple[EventSubscription, Delivery]] = []
        self._runs: list[asyncio.Task[None]] = []

    @classmethod
    @asynccontextmanager
    async def start(
        cls,
        *,
        subscriptions: Sequence[EventSubscription],
        webhook: str,
        dead_letter_folder: Path,
        port: int = 0,
        key: str = LOCAL_KEY,
        topic: str = LOCAL_TOPIC,
        time_scale: float = 1.0,
        response_timeout: float = 30.0,
        capacity: int = 256 * 1024 * 1024,
        chaos: Chaos | None = None,
    ) -> AsyncIterator[Self]:
        """Run until the block ends; undelivered events are lost then, so `drain` first.

        Args:
            subscriptions: as `load` returns them.
            webhook: base URL of the Functions host, such as `http://127.0.0.1:7071`.
            dead_letter_folder: stands for the dead-letter containers.
            port: on 127.0.0.1; 0 takes a free one.
            key: access key of the topic, base64 if tokens are to be signed with it.
            topic: resource id stamped on events that name none.
            time_scale: factor on the retry schedule and the time to live, 0.01 makes 10 s 0.1 s.
            response_timeout: seconds the webhook has to answer, not scaled.
            capacity: bytes of undelivered events (each 2 KiB more than its text); at that, the topic answers 503.
            chaos: the switches; none by default.

        Raises:
            HandshakeError: a function's webhook is not there or does not want the events.
            ValueError: the time scale is not above 0.
            OSError: the port is taken, or a dead letter could not be written.
        """
        if not time_scale > 0:
            raise ValueError(f"time_scale={time_scale} must be above 0; 1 is real time, 0.01 a hundred times faster")
        grid = cls(key, capacity)
        chaos = chaos or Chaos()
        limit = aiohttp.ClientTimeout(total=response_timeout)
        async with aiohttp.ClientSession(timeout=limit, connector=aiohttp.TCPConnector(limit=0)) as session:
            for subscription in subscriptions:
                hook = Webhook(session, webhook, topic, subscription)
                await hook.validate()
                letters = DeadLetterFolder(dead_letter_folder, topic, subscription.name)
                grid._add(subscription, hook, letters, chaos, time_scale)
            async with (
                grid._running(),
                _listening(topic_endpoint.application(key, topic, grid._publish), port) as address,
            ):
                grid.endpoint = f"{address}{topic_endpoint.PATH}"
                yield grid

    async def until(self, event: asyncio.Event, seconds: float | None = None) -> None:
        """Wait for an event, at most so many seconds, while the deliveries go on.

        Raises:
            ExceptionGroup: deliveries stopped because a dead letter could not be written.
        """
        waiting = asyncio.create_task(event.wait())
        await asyncio.wait({waiting, *self._runs}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        for run in self._runs:
            if run.done():
                run.result()

    async def drain(self, seconds: float) -> None:
        """Wait until every published event is delivered or given up.

        Raises:
            NotDrained: some were still on their way after that many seconds.
            ExceptionGroup: deliveries stopped because a dead letter could not be written.
        """
        await self.until(self._idle, seconds)
        if self.counts.under_way:
            raise NotDrained(
                f"{self.counts.under_way} events are undelivered after {seconds} s; "
                "wait longer, lower time_scale, or see why the webhook refuses them"
            )

    def _add(
        self,
        subscription: EventSubscription,
        hook: Webhook,
        letters: DeadLetterFolder,
        chaos: Chaos,
        time_scale: float,
    ) -> None:
        def delivered(batch: Sequence[Pending]) -> None:
            self.counts.delivered += len(batch)
            self._release(batch)

        def retried(batch: Sequence[Pending]) -> None:
            self.counts.retried += len(batch)

        def given_up(lost: Sequence[Letter]) -> None:
            if subscription.dead_letters:
                letters.write(lost)
                self.counts.dead_lettered += len(lost)
            else:
                self.counts.discarded += len(lost)
            self._release([pending for pending, _ in lost])

        delivery = Delivery(
            subscription, hook, chaos, time_scale, delivered=delivered, retried=retried, given_up=given_up
        )
        self._deliveries.append((subscription, delivery))

    def _publish(self, published: list[Published]) -> bool:
        if self._held >= self._capacity:
            return False
        now = datetime.now(UTC)
        for event, fields in published:
            takers = [one for one in self._deliveries if wants(one[0].properties.filter, fields)]
            for subscription, delivery in takers:
                pending = Pending(delivered_as(event, subscription.properties.event_delivery_schema), now)
                self._held += len(pending.event.text) + _OVERHEAD
                delivery.enqueue(pending)
            self.counts.matched += len(takers)
            self.counts.dropped += not takers
        self.counts.published += len(published)
        if self.counts.under_way:
            self._idle.clear()
        return True

    def _release(self, batch: Sequence[Pending]) -> None:
        self._held -= sum(len(pending.event.text) + _OVERHEAD for pending in batch)
        if not self.counts.under_way:
            self._idle.set()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        self._runs = [asyncio.create_task(delivery.run()) for _, delivery in self._deliveries]
        try:
            yield
        finally:
            for run in self._runs:
                run.cancel()
            ends = await asyncio.gather(*self._runs, return_exceptions=True)
        for end in ends:
            if isinstance(end, Exception):  # CancelledError, the ordinary end, is none
                raise end


@asynccontextmanager
async def _listening(app: web.Application, port: int) -> AsyncIterator[str]:
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield "http://127.0.0.1:{1}".format(*runner.addresses[0])
    finally:
        await runner.cleanup()
