"""One storm: real processes of the app between a local Event Grid and a fault proxy, killed at random, then checked."""

import asyncio
import contextlib
import json
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from acsevents.failures import Refused
from acsevents.local.azurite import Azurite
from acsevents.local.event_grid import LOCAL_KEY, Chaos, EventGrid
from acsevents.local.event_grid.schedule import JITTER, SCHEDULE
from acsevents.local.fault_proxy import FaultProxy
from acsevents.local.faults import Faults
from acsevents.local.host_process import HostProcesses, host_processes
from acsevents.publishing import publish
from acsevents.samples import as_cloud_event
from acsevents.storm.checker import Verdict, check
from acsevents.storm.mix import Event, Published, mix, too_large
from acsevents.subscriptions import load

# Event Grid's first redelivery comes after 10 s, the eighth hours later; here after 15 ms and about 15 s.
_TIME_SCALE = 1 / 700
_BATCH = 40
_BATCH_BYTES = 900_000  # Event Grid takes 1 MB in one request
_DRAIN_SECONDS = SCHEDULE[-1] * (1 + JITTER) * _TIME_SCALE + 20.0  # the longest wait, and time to deliver


class Size(NamedTuple):
    """Length and intensity of a storm; `outage` is the length of its first outage of the tables, in seconds."""

    seconds: float
    events: int
    workers: int
    outage: float


SHORT = Size(seconds=4.0, events=300, workers=2, outage=0.5)
LONG = Size(seconds=40.0, events=4_000, workers=3, outage=20.0)  # longer than the app retries, so that calls must fail


class Report(NamedTuple):
    """What happened in a storm, and the result of the check."""

    seed: int
    published: Counter[str]
    refused: int
    kills: int
    faults: Counter[str]
    deliveries: str
    verdict: Verdict
    seconds: float


async def storm(seed: int, size: Size, folder: Path) -> Report:
    """Run one storm; the same seed gives the same events, and the same faults as far as timing allows."""
    rng = random.Random(seed)
    start = time.monotonic()
    chaos = Chaos(seed=seed, duplicate=0.1, reorder=0.3, delay=0.1, drop_reply=0.1, split=0.2, merge=0.2)
    letters = folder / "event-grid-dead-letters"
    letters.mkdir(parents=True)
    kills: list[int] = []
    with Azurite.start() as azurite:
        async with FaultProxy.start(upstream_port=azurite.port, seed=seed) as proxy:
            async with (
                host_processes(proxy.connection_string, count=size.workers, log=folder / "host.log") as hosts,
                EventGrid.start(
                    subscriptions=load(),
                    webhook=hosts.url,
                    dead_letter_folder=letters,
                    time_scale=_TIME_SCALE,
                    chaos=chaos,
                ) as grid,
            ):
                harm = asyncio.gather(_vary_faults(proxy, rng, size.outage), _kill_at_random(hosts, kills, rng))
                try:
                    published, purposes, refused = await _publish_all(grid, seed, size)
                finally:
                    harm.cancel()
                    with contextlib.suppress(asyncio.CancelledError):  # but raise its own error
                        await harm
                # A reply that is dropped now could make an old event wait twice as long as the drain lasts.
                chaos.drop_reply = 0.0
                proxy.faults = Faults()
                await proxy.up()
                await grid.drain(_DRAIN_SECONDS)
                counts = grid.counts
            faults = Counter(proxy.counts)
        verdict = await check(published, azurite.connection_string, letters)
    deliveries = ", ".join(f"{counts[what]} {what}" for what in ("delivered", "retried", "dead_lettered", "dropped"))
    return Report(seed, purposes, refused, len(kills), faults, deliveries, verdict, time.monotonic() - start)


async def _publish_all(grid: EventGrid, seed: int, size: Size) -> tuple[list[Event], Counter[str], int]:
    """Publish the whole mix during the storm; return the events, their purposes, and how many were refused."""
    published: list[Event] = []
    purposes: Counter[str] = Counter()
    refused = 0
    batches = list(_batches(iter(list(mix(seed, size.events)))))
    start = time.monotonic()
    for number, batch in enumerate(batches):
        await asyncio.sleep(start + size.seconds * number / len(batches) - time.monotonic())
        for is_cloud_event in (False, True):
            events = [one.event for one in batch if ("specversion" in one.event) is is_cloud_event]
            if events:
                await publish(grid.endpoint, LOCAL_KEY, events)
                published += events
        purposes.update(one.purpose for one in batch)
    try:
        await publish(grid.endpoint, LOCAL_KEY, [as_cloud_event(too_large(seed))])
    except Refused:  # by the topic
        refused += 1
    return published, purposes, refused


def _batches(mixed: Iterator[Published]) -> Iterator[list[Published]]:
    """Split the mix into batches that one publish request may hold."""
    batch: list[Published] = []
    size = 0
    for one in mixed:
        length = len(json.dumps(one.event))
        if batch and (len(batch) == _BATCH or size + length > _BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch


async def _vary_faults(proxy: FaultProxy, rng: random.Random, outage: float) -> None:
    """Change the faults of the table endpoint at random; sometimes stop it altogether."""
    while True:
        worst = rng.choice((0.0, 0.1, 0.3))
        proxy.faults = Faults(
            refuse=worst * 0.2,
            hang=worst * 0.02,
            drip=worst * 0.1,
            reset=worst * 0.2,
            busy=worst * 0.2,
            throttle=worst * 0.08,
            lost_reply=worst * 0.2,
            drip_seconds=0.5,
        )
        await asyncio.sleep(rng.uniform(0.2, 0.8))
        if rng.random() < 0.15:  # noqa: PLR2004  rare, but part of every long storm
            await proxy.down()
            await asyncio.sleep(outage)
            await proxy.up()
            outage = rng.uniform(0.1, 0.5)


async def _kill_at_random(hosts: HostProcesses, kills: list[int], rng: random.Random) -> None:
    """Kill a process of the app at random, as a crash would, and start another."""
    while True:
        await asyncio.sleep(rng.uniform(0.8, 1.6))
        kills.append(await hosts.kill(rng.choice(hosts.running)))
        await hosts.add()
