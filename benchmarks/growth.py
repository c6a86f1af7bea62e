"""Measure this app's CPU, storage requests and memory as the number of events grows."""

from collections.abc import Callable

import msgspec

from benchmarks.contenders import NO_OP, THIS_APP
from benchmarks.host import OrderCost, Worker
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
        floor_kib: the same of a process whose function does nothing, which is what receiving the events takes.
    """

    cpu_ms: float
    requests: float
    grown_kib: int
    floor_kib: int


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
    with (
        Worker.start(THIS_APP, server.connection_string) as app,
        Worker.start(NO_OP, server.connection_string) as no_op,
    ):

        def send(first: int) -> tuple[OrderCost, OrderCost]:
            texts = list(make(_CHUNK, first=first))
            function = family.function
            return app.at_once(function, texts, _IN_FLIGHT), no_op.at_once(function, texts, _IN_FLIGHT)

        for first in range(0, _WARM_UP, _CHUNK):
            warm, floor = send(first)
        server.reset()
        cpu_ms = 0.0
        for sent in range(_CHUNK, SIZES[-1] + 1, _CHUNK):
            took, nothing = send(_WARM_UP + sent)
            cpu_ms += took.cpu_ms * _CHUNK
            if sent in SIZES:
                grown = took.resident_kib - warm.resident_kib
                floor_kib = nothing.resident_kib - floor.resident_kib
                growth[sent] = Growth(cpu_ms / sent, server.stats().requests / sent, grown, floor_kib)
    return growth
