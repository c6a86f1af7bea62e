"""Compute capacity and cost from the last run's figures, the rows and the deployed limits.

`python -m benchmarks.quotes` and `make bench` write the tables into docs/operations.md.
Targets: https://learn.microsoft.com/azure/storage/tables/scalability-targets
Billing: https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs
"""

import json
import math
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from benchmarks import prices
from benchmarks.contenders import PEER, THIS_APP, entity_of, event_of
from benchmarks.markdown import table
from benchmarks.write_path import CHAT_FAN_OUT, ONE_AT_A_TIME, ONE_BY_ONE, SMS_BURST, WORKLOADS
from shared.catalogue import TIMELINE
from shared.decoder import decode
from shared.rows.fitting import entity_bytes
from shared.rows.records import record_rows
from shared.rows.timeline import SHARDS

INFRA: Final = Path(__file__).parents[1] / "infra"
# Rows of 1 KiB a second. Nothing is published for larger rows: the cautious figure counts each KiB as one row.
PARTITION_TARGET: Final = 2_000
ACCOUNT_TARGET: Final = 20_000
END: Final = "<!-- End of the computation. -->"
_KIB: Final = 1024
_MILLION: Final = 1_000_000
_DAY_SECONDS: Final = 86_400
_PEAK: Final = 10  # times the daily average
_LEAST_BILLED_SECONDS: Final = 1.0  # minimum billed when an instance wakes up
_SCENARIOS: Final = {SMS_BURST: "100", CHAT_FAN_OUT: "100", ONE_AT_A_TIME: "1"}


class EventSize(msgspec.Struct, frozen=True):
    """The size of one event of a workload.

    Attributes:
        rows_kib: size of each row that this app writes, as the service counts it; the time line's is the last.
        peer_kib: size of the one row that the peer writes.
        text_bytes: size of the event as delivered.
    """

    rows_kib: tuple[float, ...]
    peer_kib: float
    text_bytes: int

    @property
    def cautious_rows(self) -> int:
        """The number of 1 KiB rows that its rows count as, cautiously."""
        return sum(map(math.ceil, self.rows_kib))


class Deployed(msgspec.Struct, frozen=True):
    """The defaults of infra/."""

    instances: int
    concurrency: int
    memory_gb: float
    batch_events: int
    batch_bytes: int

    def events_per_delivery(self, weight: EventSize) -> int:
        """Return how many events Event Grid delivers in one batch, if enough are waiting."""
        return min(self.batch_events, self.batch_bytes // weight.text_bytes)


class Measured(msgspec.Struct, frozen=True):
    """The cost of an event on one core, handed over one by one; only lone events have an end-to-end time."""

    cpu_ms: float
    requests: float
    wall_ms: float | None


@cache
def tables(results: str) -> dict[str, str]:
    """Return the tables for the page, by name."""
    made = {
        "rows": _rows(),
        "instances": _instances(results),
        "a million events": _costs(results),
        "ten times": _growth(results),
    }
    return {name: "\n".join(lines).strip() for name, lines in made.items()}


@cache
def event_size(workload: str) -> EventSize:
    """Return the size of the first event of a workload."""
    (text,) = WORKLOADS[workload][0](1)
    rows = sorted(record_rows(decode(text)), key=lambda row: row.table == TIMELINE)
    peer = {name: str(value) for name, value in entity_of(event_of(text)).items() if value is not None}
    kib = tuple(entity_bytes(row.entity) / _KIB for row in rows)
    return EventSize(kib, entity_bytes(peer) / _KIB, len(text.encode()))


def deployed() -> Deployed:
    """Return the limits that the template deploys by default."""
    parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    delivery = json.loads((INFRA / "subscriptions.json").read_text(encoding="utf-8"))["delivery"]
    default = {name: re.sub(r"^\$\{\w+=?|\}$", "", one["value"]) for name, one in parameters.items()}
    return Deployed(
        instances=int(default["maximumInstanceCount"]),
        concurrency=int(default["httpConcurrency"]),
        memory_gb=int(default["instanceMemoryMB"]) / _KIB,
        batch_events=delivery["maxEventsPerBatch"],
        batch_bytes=delivery["preferredBatchSizeInKilobytes"] * _KIB,
    )


def measured(results: str, workload: str, who: str) -> Measured:
    """Read what a run measured from its page."""
    section = results.partition("\n## From JSON text to durable row\n")[2].partition("\n## ")[0]
    lines = [re.findall(r"\| ([^|]*?) ?(?=\|)", line) for line in section.splitlines() if line.startswith("|")]
    header, _rule, *rows = lines
    wanted = {"workload": workload, "handed over": ONE_BY_ONE, "in flight": _SCENARIOS[workload], "cores": "1"}
    cells = [dict(zip(header, row, strict=True)) for row in rows]
    (found,) = (row for row in cells if row.items() >= {**wanted, "who": who}.items())
    wall = found["ms per event"]
    cpu, requests = float(found["CPU ms per event"]), float(found["storage requests per event"])
    return Measured(cpu, requests, float(wall) if wall else None)


def _rows() -> Iterable[str]:
    rows = []
    for name, workload in (("SMS delivery report", SMS_BURST), ("chat message to a user", CHAT_FAN_OUT)):
        weight = event_size(workload)
        count, largest = len(weight.rows_kib), max(weight.rows_kib)
        owner = f"{PARTITION_TARGET / math.ceil(largest):,.0f} to {PARTITION_TARGET:,}"
        most = min(ACCOUNT_TARGET / count, SHARDS * PARTITION_TARGET)
        account = f"{ACCOUNT_TARGET / weight.cautious_rows:,.0f} to {most:,.0f}"
        rows.append((name, str(count), f"{largest:.1f}", f"{sum(weight.rows_kib):.1f}", owner, account))
    header = ("event", "rows", "largest row, KiB", "all rows, KiB", "events a second per number or user", "per account")
    return table(header, rows)


def _instances(results: str) -> Iterable[str]:
    limits = deployed()
    rows = []
    for workload in (SMS_BURST, CHAT_FAN_OUT):
        batch = limits.events_per_delivery(event_size(workload))
        ours, theirs = (1000 / measured(results, workload, who).cpu_ms for who in (THIS_APP, PEER))
        in_flight = (
            f"{limits.instances} × {limits.concurrency} × {batch} = {limits.instances * limits.concurrency * batch:,}"  # noqa: RUF001  a product
        )
        rows.append((workload, in_flight, f"{ours:,.0f}", f"{theirs:,.0f}", f"{limits.instances * ours:,.0f}"))
    flight = "events in flight: instances × deliveries × events per delivery"  # noqa: RUF001  a product
    return table(("workload", flight, "events a second per core", f"{PEER}'s", "on all instances"), rows)


def _costs(results: str) -> Iterable[str]:
    rows: list[tuple[str, ...]] = []
    for workload in WORKLOADS:
        billed = _billed(results, workload)
        dollars = [[amount * million / _MILLION for amount in amounts] for _what, million, *amounts in billed]
        for (what, _million, ours, theirs), (our, their) in zip(billed, dollars, strict=True):
            rows.append(("", what, f"{ours:,.0f}", f"{our:.2f}", f"{theirs:,.0f}", f"{their:.2f}"))
        rows[-len(billed)] = (workload, *rows[-len(billed)][1:])
        our_sum, their_sum = (f"**{sum(column):.2f}**" for column in zip(*dollars, strict=True))
        rows.append(("", "**total**", "", our_sum, "", their_sum))
    second = _LEAST_BILLED_SECONDS * deployed().memory_gb * _MILLION
    apart = (f"{second:,.0f}", f"{second * prices.GB_SECOND:.2f}")
    rows.append(("events over a second apart", "GB-seconds, instead of the above", *apart, *apart))
    return table(("a million events", "billed item", "this app", "$", PEER, "$"), rows)


def _billed(results: str, workload: str) -> list[tuple[str, float, float, float]]:
    """Return what a million events are billed for: the price per million, and the amounts of this app and the peer."""
    weight, limits = event_size(workload), deployed()
    ours, theirs, alone = (
        measured(results, *one) for one in ((workload, THIS_APP), (workload, PEER), (ONE_AT_A_TIME, PEER))
    )
    deliveries = _MILLION if workload == ONE_AT_A_TIME else _MILLION / limits.events_per_delivery(weight)
    our_ms, their_ms = ours.wall_ms or ours.cpu_ms, alone.wall_ms or alone.cpu_ms
    gb = [kib * _MILLION / _KIB / _KIB for kib in (sum(weight.rows_kib), weight.peer_kib)]
    gb_seconds = [ms * 1000 * limits.memory_gb for ms in (our_ms, their_ms)]
    return [
        ("Event Grid: published", prices.EVENT_GRID_MILLION, _MILLION, _MILLION),
        ("Event Grid: matched, at most", prices.EVENT_GRID_MILLION, _MILLION, 0),
        ("Event Grid: deliveries", prices.EVENT_GRID_MILLION, deliveries, _MILLION),
        ("executions", prices.EXECUTIONS_MILLION, _MILLION, _MILLION),
        ("GB-seconds", prices.GB_SECOND * _MILLION, gb_seconds[0], gb_seconds[1]),
        ("requests to tables", prices.TABLE_REQUESTS_MILLION, ours.requests * _MILLION, theirs.requests * _MILLION),
        ("GB stored, for a month", prices.TABLE_GB_MONTH * _MILLION, gb[0], gb[1]),
    ]


def _growth(results: str) -> Iterable[str]:
    weight = event_size(SMS_BURST)
    rows = []
    for a_day in (_MILLION, 10 * _MILLION, 100 * _MILLION):
        average = a_day / _DAY_SECONDS
        peak = _PEAK * average
        share = peak * weight.cautious_rows / ACCOUNT_TARGET
        instances = (str(math.ceil(peak * measured(results, SMS_BURST, who).cpu_ms / 1000)) for who in (THIS_APP, PEER))
        stored = f"{a_day * sum(weight.rows_kib) / _KIB / _KIB:,.0f}"
        rows.append(
            (f"{a_day:,}", f"{average:,.0f}", f"{peak:,.0f}", *instances, f"{share:.0%}", stored, _change(share))
        )
    header = ("events a day", "a second", f"at a peak of {_PEAK} times that", "cores at the peak", f"{PEER}'s")
    return table((*header, "share of an account's target", "GB a day", "what to do"), rows)


def _change(share: float) -> str:
    if share > 1:
        return f"shard by resource into {math.ceil(share)} accounts, or let peaks wait in Event Grid's queue"
    return "nothing" if share < 1 / 4 else "prune; watch the latency of the tables; shard before the next step"


def computing(page: str, results: str) -> str:
    """Return a page with its computed tables updated.

    Raises:
        KeyError: the page names an unknown table.
    """

    def replacement(block: re.Match[str]) -> str:
        return f"{begin(block[1])}\n\n{tables(results)[block[1]]}\n\n{END}"

    block_pattern = rf"{re.escape(begin('%')).replace('%', '([a-z ]+)')}.*?{re.escape(END)}"
    return re.sub(block_pattern, replacement, page, flags=re.DOTALL)


def begin(name: str) -> str:
    """Return the line before a computed table."""
    return f"<!-- Computed from benchmarks/results.md and infra/ by `make bench`: {name}. -->"
