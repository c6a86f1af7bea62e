"""What a cold start pays for importing the app, beyond the SDKs that any such app imports."""

import statistics
import subprocess
import sys

import msgspec

_STARTS = 9
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
    """Medians over several starts, in milliseconds."""

    sdks_ms: float
    app_ms: float


def measure() -> ColdStart:
    """Start fresh interpreters and time their imports."""
    sdks: list[float] = []
    app: list[float] = []
    for _ in range(_STARTS):
        printed = subprocess.run([sys.executable, "-c", _PROGRAM], check=True, capture_output=True, timeout=60).stdout
        first, second = printed.split()
        sdks.append(float(first))
        app.append(float(second))
    return ColdStart(statistics.median(sdks), statistics.median(app))
