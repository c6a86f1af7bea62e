"""Measure the app's cold start against `azure.functions` alone, which every app imports."""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from benchmarks.events import sms_reports
from benchmarks.table_server import TableServer

_STARTS = 7
_ROOT = Path(__file__).parents[1]
# One core, so that nothing moves between caches; CPU time, so that other processes do not count.
_MEASURED = """
import os, sys, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
start = time.process_time()
%s
print((time.process_time() - start) * 1000)
"""
_AZURE_FUNCTIONS = "import azure.functions"
_APP = "import function_app"
_FIRST_EVENT = """
import asyncio, function_app
functions = {one.get_function_name(): one.get_user_function() for one in function_app.app.get_functions()}
loop = asyncio.new_event_loop()
loop.run_until_complete(functions["sms_events"](sys.argv[1]))
"""


class ColdStart(msgspec.Struct):
    """Medians over several starts, in milliseconds.

    Attributes:
        functions_ms: importing `azure.functions` alone.
        app_ms: importing `function_app`, which imports `azure.functions` too, from bytecode.
        first_event_ms: the same until the first event is acknowledged, by account key, with existing tables.
        compiled_ms: extra time of importing where Python cannot store bytecode, as in a read-only package.
    """

    functions_ms: float
    app_ms: float
    first_event_ms: float
    compiled_ms: float

    @property
    def import_ratio(self) -> float:
        """Time of importing the app relative to `azure.functions` alone."""
        return self.app_ms / self.functions_ms

    @property
    def first_event_ratio(self) -> float:
        """Time until the first acknowledged event relative to importing `azure.functions` alone."""
        return self.first_event_ms / self.functions_ms


def measure() -> ColdStart:
    """Time fresh interpreters, started in turn."""
    functions, app, first, compiled = [], [], [], []
    with TemporaryDirectory() as kept, TemporaryDirectory() as bare, TableServer.start() as server:
        settings = {"EventTables": server.connection_string}
        for folder in (kept, bare):
            _copy_what_is_deployed(folder)
        _start(_FIRST_EVENT, kept, **settings)  # creates the tables and the bytecode
        for _ in range(_STARTS):
            functions.append(_start(_AZURE_FUNCTIONS, kept))
            app.append(_start(_APP, kept))
            first.append(_start(_FIRST_EVENT, kept, **settings))
            compiled.append(_start(_APP, bare, PYTHONDONTWRITEBYTECODE="1"))
    functions_ms, app_ms, first_ms, compiled_ms = map(statistics.median, (functions, app, first, compiled))
    return ColdStart(functions_ms, app_ms, first_ms, compiled_ms - app_ms)


def _copy_what_is_deployed(folder: str) -> None:
    """Copy the deployed files without bytecode."""
    for name in ("functions", "shared"):
        shutil.copytree(_ROOT / name, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(_ROOT / "function_app.py", folder)


def _start(program: str, folder: str, **environment: str) -> float:
    whole = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | environment
    command = [sys.executable, "-c", _MEASURED % program, *sms_reports(1)]
    return float(subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=folder, env=whole).stdout)
