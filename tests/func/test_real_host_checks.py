"""The checks of the real host pass with the stand-in in place of `func`."""

import os
import subprocess
import sys
from pathlib import Path

from tests.func.func_host import ROOT

_FUNC = f"""#!/bin/sh
PYTHONPATH={ROOT} exec {sys.executable} -m acsevents.local.host --script-root . --port "$3"
"""


def test_the_stand_in_passes_the_checks_of_the_real_host(tmp_path: Path) -> None:
    """All of them run, in a process of their own, so that `make func-test` works when `func` is there."""
    func = tmp_path / "func"
    func.write_text(_FUNC)
    func.chmod(0o755)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests/func/real_host.py"],
        cwd=ROOT,
        env={**os.environ, "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert "25 passed" in run.stdout
