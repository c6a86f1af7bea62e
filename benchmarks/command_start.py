"""Measure a whole query command against an interpreter that does nothing."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from benchmarks.events import OWN_NUMBER
from benchmarks.table_server import TableServer

_STARTS = 15
_ROOT = Path(__file__).parents[1]
_NOTHING = ("-c", "pass")
_LOOK_UP = ("-m", "acsevents", "sms", OWN_NUMBER, "0f8fad5b-d9cb-469f-a165-70867728950e")


class CommandStart(msgspec.Struct):
    """Medians over several starts, in milliseconds.

    Attributes:
        nothing_cpu_ms: CPU of `python -c pass`.
        cpu_ms: CPU of a query in a pipe that finds nothing.
        seconds: its wall-clock time.
    """

    nothing_cpu_ms: float
    cpu_ms: float
    seconds: float


def measure() -> CommandStart:
    """Measure both in turn."""
    with TableServer.start(store=True) as server:
        server.load("SmsEvents", [])
        _run(_LOOK_UP, server)  # writes the bytecode
        runs = [(_run(_NOTHING, server), _run(_LOOK_UP, server)) for _ in range(_STARTS)]
    return CommandStart(
        statistics.median(nothing for (nothing, _), _ in runs),
        statistics.median(cpu for _, (cpu, _) in runs),
        statistics.median(seconds for _, (_, seconds) in runs),
    )


def _run(arguments: Sequence[str], server: TableServer) -> tuple[float, float]:
    """Run Python; return its CPU time in milliseconds and its wall-clock time in seconds."""
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=_ROOT,
        env={**os.environ, "EventTables": server.connection_string},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode > 1:  # the query finds nothing
        raise RuntimeError(f"the query ended with {process.returncode}")
    return (used.ru_utime + used.ru_stime) * 1000, time.perf_counter() - start
