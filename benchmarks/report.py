"""Write the figures as one Markdown page, with the machine and the versions that they were measured on."""

import os
import platform
import statistics
from collections.abc import Iterable, Mapping
from importlib.metadata import version

import msgspec

from benchmarks import fairness, first_screen
from benchmarks.cold_start import ColdStart
from benchmarks.command_start import CommandStart
from benchmarks.contenders import NO_OP, PEER, THIS_APP
from benchmarks.decoding import Decoding, over_all
from benchmarks.fairness import Fairness
from benchmarks.first_screen import Screen
from benchmarks.full_scans import Speed
from benchmarks.growth import SIZES, Growth
from benchmarks.markdown import table
from benchmarks.queries import QueryCost
from benchmarks.write_path import (
    CHAT_FAN_OUT,
    LATENCY_SECONDS,
    ONE_AT_A_TIME,
    ONE_BY_ONE,
    SMS_BURST,
    Costs,
    Scenario,
    above_no_op,
)
from shared.intake import TEXTS_AT_ONCE

_PACKAGES = ("azure-functions", "azure-data-tables", "aiohttp", "httptools", "msgspec", "grpcio", "pydantic")
_IN_SHORT = (
    Scenario(SMS_BURST, ONE_BY_ONE, 100),
    Scenario(CHAT_FAN_OUT, ONE_BY_ONE, 100),
    Scenario(ONE_AT_A_TIME, ONE_BY_ONE, 1),
)


class Figures(msgspec.Struct):
    """The figures of one run, and how long it took."""

    costs: Mapping[Scenario, Costs]
    fairness: Mapping[str, Fairness]
    growth: Mapping[str, Mapping[int, Growth]]
    decodings: list[Decoding]
    cold_start: ColdStart
    command_start: CommandStart
    queries: Mapping[str, QueryCost]
    screens: dict[str, Screen]
    speeds: Mapping[str, Speed]
    seconds: float


def report(figures: Figures) -> str:
    """Return the page."""
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return "\n".join(
        [
            "# Benchmark results",
            "",
            "Written by `make bench`; compare ratios within this page only.",
            f"Measured in {figures.seconds:.0f} s on {os.cpu_count()} cores, {platform.system()} {platform.machine()}.",
            f"Python {platform.python_version()}, {versions}.",
            "",
            *_in_short(figures),
            *_write_path(figures.costs),
            *_fairness(figures.fairness),
            *_growth(figures.growth),
            *_decoding(figures.decodings),
            *_cold_start(figures.cold_start),
            *_queries(figures.queries, figures.command_start),
            *first_screen.section(figures.screens),
            *_speeds(figures.speeds),
        ]
    )


def _in_short(figures: Figures) -> list[str]:
    """Return the section that the README quotes: three rows and one line."""
    header = ("workload", "CPU ms per event above a no-op", f"{PEER}'s", "ratio", "storage requests per event")
    rows = []
    for scenario in _IN_SHORT:
        costs = figures.costs[scenario]
        ours, theirs = above_no_op(costs, THIS_APP), above_no_op(costs, PEER)
        requests = f"{costs[THIS_APP].requests:.2f}"
        rows.append((scenario.workload, f"{ours:.2f}", f"{theirs:.2f}", f"1/{theirs / ours:.1f}", requests))
    last = [sizes[SIZES[-1]] for sizes in figures.growth.values()]
    grown = max(one.grown_kib - one.floor_kib for one in last) / 1024
    return [
        "## In short",
        "",
        *table(header, rows),
        (
            f"Decoding an event takes {over_all(figures.decodings).decode_ratio:.1f} times as long as `json.loads`, "
            f"importing the app {figures.cold_start.import_ratio:.2f} times as long as `azure.functions` alone, "
            f"and memory grows by {grown:.1f} MiB more than a no-op's over {SIZES[-1]:,} events."
        ),
        "",
    ]


def _write_path(costs: Mapping[Scenario, Costs]) -> list[str]:
    header = ("workload", "handed over", "in flight", "cores", "who", "CPU ms per event", f"above {NO_OP}")
    rows = [
        (
            *(scenario.workload, scenario.handed_over, str(scenario.in_flight), str(scenario.cores), name),
            f"{cost.cpu_ms:.3f}",
            f"{above_no_op(by_name, name):.3f}",
            _ratio(above_no_op(by_name, name), above_no_op(by_name, PEER)),
            f"{cost.requests:.3f}",
            f"{cost.wall_ms:.1f}" if scenario.is_lone else "",
        )
        for scenario, by_name in costs.items()
        for name, cost in by_name.items()
    ]
    return [
        "## From JSON text to durable row",
        "",
        "SMS burst: delivery reports of one number.",
        "Chat fan-out: messages to 250 users in turn.",
        "One at a time: delivery reports of one number.",
        "One by one: each event arrives over a gRPC stream, the thread that reads it hands it to the event loop, and",
        "the reply goes back through a queue, as in the Python worker of Azure Functions.",
        "At once: all events are already in the process.",
        "This app writes three rows per SMS event and two per chat event, its peers one row per event.",
        f"The endpoint is a stand-in in another process that answers after {LATENCY_SECONDS * 1000:g} ms.",
        "CPU is that of the process that runs the functions, which may use one core or two.",
        "Figures are medians; the contenders take turns.",
        "",
        *table((*header, f"relative to {PEER}", "storage requests per event", "ms per event"), rows),
    ]


def _ratio(ours: float, theirs: float) -> str:
    return f"1/{theirs / ours:.1f}" if ours > 0 and theirs / ours < 1_000 else ""  # noqa: PLR2004  the no-op itself


def _fairness(fairness_of: Mapping[str, Fairness]) -> list[str]:
    rows = [
        (
            name,
            f"{one.in_time} of {fairness.HEALTHY}",
            "failed" if one.slowest_seconds is None else f"{one.slowest_seconds:.2f}",
            "" if one.acknowledged is None else f"{one.acknowledged:.0%}",
            "" if one.succeeded_per_second is None else f"{one.succeeded_per_second:.0f}",
            "" if one.offered_per_second is None else f"{one.offered_per_second:.0f}",
        )
        for name, one in fairness_of.items()
    ]
    header = ("other load", f"healthy calls within {fairness.IN_TIME_SECONDS:g} s", "slowest, s")
    more = ("acknowledged share of the rows written", "acknowledged events a second", "offered")
    return [
        "## Fairness",
        "",
        f"Calls for {fairness.HEALTHY} healthy numbers, one after the other, while other numbers' partitions fail.",
        f"A dead partition never answers. An overloaded one takes {fairness.TAKEN_PER_SECOND:g} rows a second.",
        "",
        *table((*header, *more), rows),
    ]


def _growth(growth: Mapping[str, Mapping[int, Growth]]) -> list[str]:
    rows = [
        (
            workload,
            f"{events:,}",
            f"{one.cpu_ms:.3f}",
            f"{one.requests:.3f}",
            f"{one.grown_kib / 1024:.1f}",
            f"{one.floor_kib / 1024:.1f}",
        )
        for workload, sizes in growth.items()
        for events, one in sizes.items()
    ]
    header = (
        "workload",
        "events",
        "CPU ms per event",
        "storage requests per event",
        "memory grown, MiB",
        "a no-op's, MiB",
    )
    told = (
        "This app alone, answered at once. Merely receiving the events takes memory; "
        "the last column shows how much for a function that does nothing."
    )
    return ["## As the number of events grows", "", told, "", *table(header, rows)]


def _decoding(decodings: list[Decoding]) -> list[str]:
    whole = over_all(decodings)
    rows = [
        (
            one.name,
            *map("{:.1f}".format, (one.json_us, one.decode_us, one.decode_ratio, one.together_ratio, one.each_ratio)),
        )
        for one in decodings
    ]
    return [
        "## Decoding and encoding",
        "",
        _span("Decoding to the event", [one.decode_ratio for one in decodings], whole.decode_ratio),
        _span(
            f"With all rows encoded for the wire, step by step for up to {TEXTS_AT_ONCE} texts as in a burst, it",
            [one.together_ratio for one in decodings],
            whole.together_ratio,
        ),
        _span(
            "With all rows encoded for each text on its own, it",
            [one.each_ratio for one in decodings],
            whole.each_ratio,
        ),
        "",
        *table(
            (
                "event",
                "json.loads µs",
                "decode µs",
                "relative to json.loads",
                "with all rows, in a burst",
                "each on its own",
            ),
            rows,
        ),
    ]


def _span(what: str, ratios: Iterable[float], whole: float) -> str:
    ratios = [*ratios]
    return (
        f"{what} takes {whole:.1f} times as long as `json.loads` of the same texts; "
        f"by sample: median {statistics.median(ratios):.1f}, worst {max(ratios):.1f}."
    )


def _cold_start(one: ColdStart) -> list[str]:
    return [
        "## Cold start",
        "",
        f"Importing `azure.functions` alone takes {one.functions_ms:.0f} ms.",
        f"Importing `function_app`, which includes it, takes {one.import_ratio:.2f} times as long.",
        f"Where Python cannot store bytecode, as in a read-only package, it takes {one.compiled_ms:.0f} ms more.",
        f"Until the first event is acknowledged, by account key, it takes {one.first_event_ratio:.2f} times as long.",
        "Figures are CPU times: medians over fresh interpreters on one core, started in turn.",
        "",
    ]


def _queries(queries: Mapping[str, QueryCost], start: CommandStart) -> list[str]:
    rows = [(name, f"{one.requests}", f"{one.rows:,}", f"{one.seconds:.3f}") for name, one in queries.items()]
    commands = (
        f"A query command takes {start.cpu_ms:.0f} ms of CPU and {start.seconds * 1000:.0f} ms of time; "
        f"`python -c pass` takes {start.nothing_cpu_ms:.0f} ms of CPU."
    )
    header = ("query", "requests", "rows read", "seconds")
    return [
        "## Queries",
        "",
        commands,
        "Figures are medians over fresh interpreters, started in turn.",
        "",
        *table(header, rows),
        "",
    ]


def _speeds(speeds: Mapping[str, Speed]) -> list[str]:
    rows = [
        (name, f"{one.rows:,}", f"{one.rows / one.seconds:,.0f}", f"{one.requests / one.rows:.3f}")
        for name, one in speeds.items()
    ]
    return ["## Reading all rows", "", *table(("command", "rows", "rows a second", "requests per row"), rows)]
