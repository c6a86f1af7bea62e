"""What a cold start pays for importing the app, beside the SDK of Functions that every app imports."""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

_STARTS = 11
_ROOT = Path(__file__).parents[1]
# One core, so that nothing moves between caches; CPU time, so that neighbours on the machine do not count.
_PROGRAM = """
import os, time
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
start = time.process_time()
import MODULE
print((time.process_time() - start) * 1000)
"""


class ColdStart(msgspec.Struct):
    """Medians over several starts, in milliseconds.

    Attributes:
        functions_ms: `azure.functions` alone.
        app_ms: `function_app`, which imports `azure.functions` too, from bytecode.
        compiled_ms: what `function_app` takes more where Python may not keep bytecode, as in a read-only package.
    """

    functions_ms: float
    app_ms: float
    compiled_ms: float

    @property
    def ratio(self) -> float:
        """Tell how many times as long the app takes."""
        return self.app_ms / self.functions_ms


def measure() -> ColdStart:
    """Start fresh interpreters in turn and time their imports."""
    functions, app, compiled = [], [], []
    with TemporaryDirectory() as kept, TemporaryDirectory() as bare:
        for folder in (kept, bare):
            _copy_what_is_deployed(folder)
        _import("function_app", kept)
        for _ in range(_STARTS):
            functions.append(_import("azure.functions", kept))
            app.append(_import("function_app", kept))
            compiled.append(_import("function_app", bare, PYTHONDONTWRITEBYTECODE="1"))
    functions_ms, app_ms, compiled_ms = (statistics.median(times) for times in (functions, app, compiled))
    return ColdStart(functions_ms, app_ms, compiled_ms - app_ms)


def _copy_what_is_deployed(folder: str) -> None:
    """Copy it without any bytecode."""
    for name in ("functions", "shared"):
        shutil.copytree(_ROOT / name, Path(folder) / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(_ROOT / "function_app.py", folder)


def _import(module: str, folder: str, **environment: str) -> float:
    whole = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | environment
    command = [sys.executable, "-c", _PROGRAM.replace("MODULE", module)]
    return float(subprocess.run(command, check=True, capture_output=True, timeout=60, cwd=folder, env=whole).stdout)


if __name__ == "__main__":
    print(measure())
