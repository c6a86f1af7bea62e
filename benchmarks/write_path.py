"""CPU and storage requests per event, this app beside its peers, all against one stand-in endpoint."""

import subprocess
import sys
from collections.abc import Callable

import msgspec

from benchmarks.contenders import CONTENDERS
from benchmarks.load import WARM_UP, WORKLOADS, Load
from benchmarks.table_server import TableServer

LATENCY_SECONDS = 0.002  # a round trip within one Azure region
_ROUNDS = 2
_EVENTS = {"this app": 1_000}
_EVENTS_OF_PEERS = 250
GROWTH = {
    "SMS burst": (1_000, 10_000, 100_000),
    "chat fan-out": (1_000, 10_000, 100_000),
    "one at a time": (1_000, 10_000),  # more would take minutes: nothing overlaps
}


class Cost(msgspec.Struct):
    """What one contender costs in one workload, per event; CPU is that of the better round."""

    cpu_ms: float
    requests: float


def compare(progress: Callable[[str], None]) -> dict[str, dict[str, Cost]]:
    """Measure every contender in every workload, by turns so that a slow moment hits all."""
    costs: dict[str, dict[str, Cost]] = {}
    with TableServer.start(latency=LATENCY_SECONDS) as server:
        for workload in WORKLOADS:
            progress(workload)
            cpu: dict[str, list[float]] = {name: [] for name in CONTENDERS}
            requests: dict[str, float] = {}
            for _ in range(_ROUNDS):
                for name in CONTENDERS:
                    events = _EVENTS.get(name, _EVENTS_OF_PEERS)
                    load, sent = measure(server, workload, name, events)
                    cpu[name].append(load.cpu_ms)
                    requests[name] = sent
            costs[workload] = {name: Cost(min(cpu[name]), requests[name]) for name in CONTENDERS}
    return costs


def grow(progress: Callable[[str], None]) -> dict[str, dict[int, tuple[Load, float]]]:
    """Measure this app alone as the number of events grows; tell loads and storage requests per event."""
    growth: dict[str, dict[int, tuple[Load, float]]] = {}
    with TableServer.start(latency=0) as server:
        for workload, sizes in GROWTH.items():
            for events in sizes:
                progress(f"{workload}, {events:,} events")
                growth.setdefault(workload, {})[events] = measure(server, workload, "this app", events)
    return growth


def measure(server: TableServer, workload: str, contender: str, events: int) -> tuple[Load, float]:
    """Run one load in a process of its own; tell what it cost and the storage requests per event."""
    server.reset()
    command = [sys.executable, "-m", "benchmarks.load", workload, contender, str(events), server.connection_string]
    answer = subprocess.run(command, check=True, capture_output=True, timeout=120)
    writes = sum(count.requests for name, count in server.stats().operations.items() if name != "create_table")
    return msgspec.json.decode(answer.stdout, type=Load), writes / (events + WARM_UP)
