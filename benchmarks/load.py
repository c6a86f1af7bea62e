"""One measured run in a process of its own: `python -m benchmarks.load` prints one line of JSON."""

import argparse
import asyncio
import gc
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import msgspec

from benchmarks.contenders import CONTENDERS, Handle
from benchmarks.events import chat_fan_out, sms_reports
from shared.catalogue import CHAT_USER, SMS

WORKLOADS = {
    "SMS burst": (sms_reports, SMS, 100),
    "chat fan-out": (chat_fan_out, CHAT_USER, 100),
    "one at a time": (sms_reports, SMS, 1),
}
WARM_UP = 200
_CHUNK = 1_000


class Load(msgspec.Struct):
    """What one run cost.

    Attributes:
        cpu_ms: CPU of this process per event, in milliseconds.
        wall_ms: time per event, in milliseconds.
        grown_kib: how much the resident memory grew from the end of the warm-up to the end.
    """

    cpu_ms: float
    wall_ms: float
    grown_kib: int


async def run(workload: str, contender: str, events: int, connection_string: str) -> Load:
    """Send events with as many in flight as the workload says."""
    make, family, in_flight = WORKLOADS[workload]
    async with CONTENDERS[contender](connection_string, family) as handle:
        await _send(handle, iter(list(make(WARM_UP))), in_flight)
        gc.collect()
        texts = make(events, first=WARM_UP)
        resident, cpu, wall = _resident_kib(), 0.0, 0.0
        while chunk := list(islice(texts, _CHUNK)):  # made beforehand: making them is not what is measured
            cpu_start, wall_start = time.process_time(), time.perf_counter()
            await _send(handle, iter(chunk), in_flight)
            cpu += time.process_time() - cpu_start
            wall += time.perf_counter() - wall_start
        del chunk
        gc.collect()
        return Load(cpu * 1000 / events, wall * 1000 / events, _resident_kib() - resident)


async def _send(handle: Handle, texts: Iterator[str], in_flight: int) -> None:
    async def sender() -> None:
        for text in texts:
            await handle(text)

    async with asyncio.TaskGroup() as senders:
        for _ in range(in_flight):
            senders.create_task(sender())


def _resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


def main() -> None:
    """Run what the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=WORKLOADS)
    parser.add_argument("contender", choices=CONTENDERS)
    parser.add_argument("events", type=int)
    parser.add_argument("connection_string")
    asked = parser.parse_args()
    load = asyncio.run(run(asked.workload, asked.contender, asked.events, asked.connection_string))
    sys.stdout.write(msgspec.json.encode(load).decode() + "\n")


if __name__ == "__main__":
    main()
