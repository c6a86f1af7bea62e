"""Compare CPU, time and storage requests per event of this app and its peers, all against one stand-in endpoint."""

import statistics
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import msgspec

from benchmarks import cores
from benchmarks.contenders import CONTENDERS, NO_OP, PEER, THIS_APP
from benchmarks.events import chat_fan_out, sms_reports
from benchmarks.host import OrderCost, Worker
from benchmarks.table_server import TableServer
from shared.catalogue import CHAT_USER, SMS, Family

LATENCY_SECONDS = 0.002  # a round trip within one Azure region
SMS_BURST, CHAT_FAN_OUT, ONE_AT_A_TIME = "SMS burst", "chat fan-out", "one at a time"
WORKLOADS: dict[str, tuple[Callable[..., Iterator[str]], Family]] = {
    SMS_BURST: (sms_reports, SMS),
    CHAT_FAN_OUT: (chat_fan_out, CHAT_USER),
    ONE_AT_A_TIME: (sms_reports, SMS),
}
AT_ONCE, ONE_BY_ONE = "at once", "one by one"

_ALL = tuple(CONTENDERS)
_THREE = (NO_OP, THIS_APP, PEER)
_ROUNDS = 5
_QUICK = {NO_OP, THIS_APP}
_EVENTS, _EVENTS_OF_THE_QUICK, _EVENTS_ALONE = 200, 1_000, 60


class Scenario(NamedTuple):
    """One way of handing over events.

    Attributes:
        workload: the kind of events.
        handed_over: `at once` within the process, or `one by one` from the host's stream.
        in_flight: the number of events in flight.
        cores: the number of cores that the measured process may use.
    """

    workload: str
    handed_over: str
    in_flight: int
    cores: int = 1

    @property
    def is_lone(self) -> bool:
        """Whether no event overlaps another."""
        return self.in_flight == 1


SCENARIOS = {
    Scenario(SMS_BURST, ONE_BY_ONE, 100): _ALL,
    Scenario(SMS_BURST, ONE_BY_ONE, 16): _THREE,
    Scenario(SMS_BURST, ONE_BY_ONE, 100, cores=2): _THREE,
    Scenario(SMS_BURST, ONE_BY_ONE, 16, cores=2): _THREE,
    Scenario(SMS_BURST, AT_ONCE, 100): _ALL,
    Scenario(CHAT_FAN_OUT, ONE_BY_ONE, 100): _ALL,
    Scenario(CHAT_FAN_OUT, ONE_BY_ONE, 16): _THREE,
    Scenario(CHAT_FAN_OUT, ONE_BY_ONE, 100, cores=2): _THREE,
    Scenario(CHAT_FAN_OUT, AT_ONCE, 100): _ALL,
    Scenario(ONE_AT_A_TIME, ONE_BY_ONE, 1): _ALL,
    Scenario(ONE_AT_A_TIME, AT_ONCE, 1): _THREE,
}


class Cost(msgspec.Struct):
    """A contender's cost per event: medians over rounds in which the contenders took turns."""

    cpu_ms: float
    wall_ms: float
    requests: float


Costs = dict[str, Cost]
"""By contender."""


def above_no_op(costs: Costs, contender: str) -> float:
    """Return a contender's CPU per event beyond that of a function that does nothing."""
    return costs[contender].cpu_ms - costs[NO_OP].cpu_ms


def compare(progress: Callable[[str], None]) -> dict[Scenario, Costs]:
    """Measure all contenders in turn, so that a slow moment affects all of them."""
    with TableServer.start(latency=LATENCY_SECONDS) as server, ExitStack() as stack:
        workers = {name: stack.enter_context(Worker.start(name, server.connection_string)) for name in CONTENDERS}
        costs = {}
        for scenario, names in SCENARIOS.items():
            progress(f"{scenario.workload}, {scenario.handed_over}, {scenario.in_flight} in flight")
            costs[scenario] = _compare(scenario, {name: workers[name] for name in names}, server)
        return costs


def _compare(scenario: Scenario, workers: dict[str, Worker], server: TableServer) -> Costs:
    make, _family = WORKLOADS[scenario.workload]
    texts = list(make(_EVENTS_OF_THE_QUICK))
    rounds: dict[str, list[Cost]] = {name: [] for name in workers}
    for number in range(1 + _ROUNDS):
        for name, worker in workers.items():
            size = _EVENTS_ALONE if scenario.is_lone else _EVENTS_OF_THE_QUICK if name in _QUICK else _EVENTS
            server.reset()
            took = _take(worker, scenario, texts[:size])
            if number:  # the first round warms up
                rounds[name].append(Cost(took.cpu_ms, took.wall_ms, server.stats().requests / size))
    return {name: _median(costs) for name, costs in rounds.items()}


def _take(worker: Worker, scenario: Scenario, texts: list[str]) -> OrderCost:
    _make, family = WORKLOADS[scenario.workload]
    if scenario.handed_over == AT_ONCE:
        return worker.at_once(family.function, texts, scenario.in_flight)
    on = cores.MEASURED if scenario.cores == 1 else cores.ALL
    return worker.one_by_one(family.function, texts, scenario.in_flight, on)


def _median(costs: list[Cost]) -> Cost:
    fields = (statistics.median(values) for values in zip(*map(msgspec.structs.astuple, costs), strict=True))
    return Cost(*fields)
