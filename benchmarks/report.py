"""The figures as one Markdown page, with the machine and versions they were measured on."""

import os
import platform
import statistics
from collections.abc import Iterable, Mapping
from importlib.metadata import version

from benchmarks.cold_start import ColdStart
from benchmarks.decoding import Decoding
from benchmarks.load import Load
from benchmarks.looking_up import Question
from benchmarks.write_path import LATENCY_SECONDS, Cost

_PACKAGES = ("azure-functions", "azure-data-tables", "aiohttp", "msgspec", "pydantic")
_PEER = "async SDK"


def report(
    costs: Mapping[str, Mapping[str, Cost]],
    growth: Mapping[str, Mapping[int, tuple[Load, float]]],
    decodings: Iterable[Decoding],
    imports: ColdStart,
    questions: Mapping[str, Question],
    *,
    seconds: float,
) -> str:
    """Write the page."""
    versions = ", ".join(f"{package} {version(package)}" for package in _PACKAGES)
    return "\n".join(
        [
            "# Benchmark results",
            "",
            "Written by `make bench`; compare ratios within this page only.",
            f"Measured in {seconds:.0f} s on {platform.system()} {platform.machine()} with {os.cpu_count()} cores.",
            f"Python {platform.python_version()}, {versions}.",
            "",
            *_write_path(costs),
            *_growth(growth),
            *_decoding(list(decodings)),
            "## Cold start",
            "",
            (
                f"Importing `function_app` takes {imports.ratio:.2f} times the {imports.functions_ms:.0f} ms of "
                f"`azure.functions` alone, and {imports.compiled_ms:.0f} ms more where Python may not keep bytecode, "
                "as in a read-only package."
            ),
            "CPU time; medians over fresh interpreters on one core, in turn.",
            "",
            "## Questions",
            "",
            *_table(
                ("question", "requests", "seconds"),
                ((name, str(one.requests), f"{one.seconds:.3f}") for name, one in questions.items()),
            ),
        ]
    )


def _write_path(costs: Mapping[str, Mapping[str, Cost]]) -> list[str]:
    rows = []
    for workload, by_name in costs.items():
        peer = by_name[_PEER].cpu_ms
        rows += [
            (workload, name, f"{cost.cpu_ms:.3f}", f"1/{peer / cost.cpu_ms:.1f}", f"{cost.requests:.3f}")
            for name, cost in by_name.items()
        ]
    header = ("workload", "who", "CPU ms per event", f"beside {_PEER}", "storage requests per event")
    return [
        "## From JSON text to durable row",
        "",
        "SMS burst: delivery reports of one number, 100 in flight.",
        "Chat fan-out: messages to 250 users in turn, 100 in flight.",
        "One at a time: delivery reports of one number.",
        "This app writes two rows per SMS event, its peers one row per event.",
        f"The endpoint is a stand-in in another process that answers after {LATENCY_SECONDS * 1000:g} ms.",
        "",
        *_table(header, rows),
    ]


def _growth(growth: Mapping[str, Mapping[int, tuple[Load, float]]]) -> list[str]:
    rows = [
        (workload, f"{events:,}", f"{load.cpu_ms:.3f}", f"{requests:.3f}", f"{load.grown_kib / 1024:.1f}")
        for workload, loads in growth.items()
        for events, (load, requests) in loads.items()
    ]
    header = ("workload", "events", "CPU ms per event", "storage requests per event", "memory grown, MiB")
    return ["## As the number of events grows", "", "This app alone, answered at once.", "", *_table(header, rows)]


def _decoding(decodings: list[Decoding]) -> list[str]:
    rows = [(one.name, f"{one.json_us:.1f}", f"{one.decode_us:.1f}", f"{one.ratio:.1f}") for one in decodings]
    ratios = [one.ratio for one in decodings]
    whole = sum(one.decode_us for one in decodings) / sum(one.json_us for one in decodings)
    return [
        "## Decode, normalize, make rows",
        "",
        f"Over all samples it takes {whole:.1f} times as long as `json.loads` of the same texts.",
        f"By sample: median {statistics.median(ratios):.1f}, worst {max(ratios):.1f}.",
        "",
        *_table(("event", "json.loads µs", "decode and rows µs", "ratio"), rows),
    ]


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    lines = [header, tuple("---" for _ in header), *rows]
    return [*("| " + " | ".join(line) + " |" for line in lines), ""]
