"""What a cold start pays for importing the app, beyond the SDKs that any such app imports."""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

_STARTS = 7
_ROOT = Path(__file__).parents[1]
_PROGRAM = """
import time
start = time.perf_counter()
import azure.functions, azure.data.tables.aio, azure.eventgrid, aiohttp, msgspec
sdks = time.perf_counter()
import function_app
done = time.perf_counter()
print((sdks - start) * 1000, (done - sdks) * 1000)
"""


class ColdStart(msgspec.Struct):
    """Medians over several starts, in milliseconds.

    Attributes:
        sdks_ms: the SDKs alone.
        app_ms: the app beyond them, from bytecode.
        compiled_ms: the same where Python may not keep bytecode, as in a package that is mounted read-only.
    """

    sdks_ms: float
    app_ms: float
    compiled_ms: float


def measure() -> ColdStart:
    """Start fresh interpreters and time their imports."""
    with TemporaryDirectory() as folder:
        # A copy of what is deployed: with bytecode of its own, and without.
        for name in ("functions", "shared"):
            shutil.copytree(_ROOT / name, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(_ROOT / "function_app.py", folder)
        compiled = [_start(folder, bytecode=False) for _ in range(_STARTS)]
        _start(folder, bytecode=True)
        kept = [_start(folder, bytecode=True) for _ in range(_STARTS)]
    return ColdStart(
        statistics.median(sdks for sdks, _app in kept),
        statistics.median(app for _sdks, app in kept),
        statistics.median(app for _sdks, app in compiled),
    )


def _start(folder: str, *, bytecode: bool) -> tuple[float, float]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    if not bytecode:
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
    answer = subprocess.run(
        [sys.executable, "-c", _PROGRAM], check=True, capture_output=True, timeout=60, cwd=folder, env=environment
    )
    sdks, app = answer.stdout.split()
    return float(sdks), float(app)
