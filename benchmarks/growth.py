"""Measure this app's CPU, storage requests and memory as the number of events grows."""

from collections.abc import Callable

import msgspec

from benchmarks.contenders import THIS_APP
from benchmarks.host import Worker
from benchmarks.table_server import TableServer
from benchmarks.write_path import CHAT_FAN_OUT, SMS_BURST, WORKLOADS

SIZES = (1_000, 10_000, 100_000)
_IN_FLIGHT = 100
_WARM_UP = 2_000
_CHUNK = 200  # small, since memory for the texts would grow too


class Growth(msgspec.Struct):
    """The cost of a number of events.

    Attributes:
        cpu_ms: CPU per event.
        requests: storage requests per event.
        grown_kib: growth of the resident memory since the warm-up.
    """

    cpu_ms: float
    requests: float
    grown_kib: int


def grow(progress: Callable[[str], None]) -> dict[str, dict[int, Growth]]:
    """Send more and more events, all different, to one process per workload."""
    growth: dict[str, dict[int, Growth]] = {}
    with TableServer.start(latency=0) as server:
        for workload in (SMS_BURST, CHAT_FAN_OUT):
            progress(f"{workload}, {SIZES[-1]:,} events")
            growth[workload] = _grow(workload, server)
    return growth


def _grow(workload: str, server: TableServer) -> dict[int, Growth]:
    make, family = WORKLOADS[workload]
    growth = {}
    with Worker.start(THIS_APP, server.connection_string) as worker:
        for first in range(0, _WARM_UP, _CHUNK):
            after_warm_up = worker.at_once(family.function, list(make(_CHUNK, first=first)), _IN_FLIGHT).resident_kib
        server.reset()
        cpu_ms = 0.0
        for sent in range(_CHUNK, SIZES[-1] + 1, _CHUNK):
            took = worker.at_once(family.function, list(make(_CHUNK, first=_WARM_UP + sent)), _IN_FLIGHT)
            cpu_ms += took.cpu_ms * _CHUNK
            if sent in SIZES:
                requests = server.stats().requests / sent
                growth[sent] = Growth(cpu_ms / sent, requests, took.resident_kib - after_warm_up)
    return growth
