"""Install what `make` needs, one step per call: `python -m acsevents.local.setup STEP`, see `STEPS`.

This runs before anything is installed, so it imports the standard library only. It runs on old versions of Python far
enough to report that they are too old.
"""

import compileall
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VENV = ROOT / ".venv"
# An installation of its own: whoever runs `make demo` needs no browser.
BROWSER = ROOT / "tests" / "browser"
UNPACKED = BROWSER / "node_modules" / ".unpacked"
OLDEST_PYTHON = (3, 11)
_LIMIT_SECONDS = 900


def make_venv() -> None:
    """Create `.venv`, or create it again if it does not work; exit with a message if that fails."""
    if sys.version_info < OLDEST_PYTHON:
        raise SystemExit(
            f"set-up: Python 3.11 or newer is needed, this is {sys.version.split()[0]}: install one "
            "and name it, as in `make setup PYTHON=python3.12`"
        )
    if _works(VENV):
        return
    if VENV.exists():
        print("set-up: .venv is incomplete or belongs to an old Python, creating it again")
    cure = "on Debian and Ubuntu `apt install python3-venv`, elsewhere a Python from https://www.python.org"
    if importlib.util.find_spec("venv") is None or importlib.util.find_spec("ensurepip") is None:
        raise SystemExit("set-up: this Python has no venv module: " + cure)
    if _run([sys.executable, "-m", "venv", "--clear", str(VENV)]) != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        raise SystemExit("set-up: the virtual environment could not be created (see above): " + cure)


def install_packages() -> None:
    """Install exactly what requirements-dev.lock lists, and Node if there is none on the PATH."""
    # --no-deps: the file is complete, and pip would otherwise look for newer releases of packages required with extras.
    _pip("--no-deps", "--require-hashes", "-r", str(ROOT / "requirements-dev.lock"))
    from acsevents.local import LocalStackError, node  # noqa: PLC0415  needs a Python that is new enough

    try:
        node.toolchain()
    except LocalStackError:
        print(f"set-up: no Node {node.OLDEST_MAJOR} or newer with npm on the PATH, installing it from PyPI")
        _pip(node.WHEEL)


def install_command() -> None:
    """Write `.venv/bin/acsevents`, which runs the command line of this folder from any folder."""
    # -P: do not import modules from the current folder.
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from acsevents.__main__ import main; main()"
    python = shlex.quote(str(VENV / "bin" / "python"))
    script = VENV / "bin" / "acsevents"
    script.write_text(f'#!/bin/sh\nexec {python} -P -c {shlex.quote(start)} "$@"\n', encoding="utf-8")
    script.chmod(0o755)
    for package in ("acsevents", "shared"):  # else the first look-up compiles them
        compileall.compile_dir(ROOT / package, quiet=1)


def install_azurite() -> None:
    """Install exactly what package-lock.json lists into node_modules."""
    _npm_ci(ROOT, "Azurite")


def install_browser() -> None:
    """Install axe and, where it runs, the Chromium that the page is tested in; elsewhere an installed one is used."""
    node = _npm_ci(BROWSER, "the tests' browser")
    if not browser_is_packed():
        return
    UNPACKED.mkdir()
    # The second variable has it unpack the libraries that a system without desktop lacks (NSS, expat).
    environment = {**os.environ, "TMPDIR": str(UNPACKED), "AWS_LAMBDA_JS_RUNTIME": "nodejs22.x"}
    unpack = "import chromium from '@sparticuz/chromium'; await chromium.executablePath()"
    if _run([node, "--input-type=module", "--eval", unpack], cwd=BROWSER, environment=environment) != 0:
        raise SystemExit("set-up: the tests' browser could not be unpacked (see above): are 250 MB free on this disk?")


def browser_is_packed() -> bool:
    """Return whether the Chromium of tests/browser/package.json runs on this machine."""
    return (platform.system(), platform.machine()) == ("Linux", "x86_64")


def _npm_ci(folder: Path, what: str) -> str:
    from acsevents.local import LocalStackError, node  # noqa: PLC0415  see install_packages

    try:
        tools = node.toolchain()
    except LocalStackError as error:
        raise SystemExit(f"set-up: {error}") from None
    # --ignore-scripts: nothing that is needed is built during installation.
    silent = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    if _run([*tools.npm, "ci", *silent], cwd=folder) != 0:
        raise SystemExit(f"set-up: npm could not install {what} (see above): is the npm registry reachable?")
    return tools.node


def _works(venv: Path) -> bool:
    check = "import pip, sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return _run([str(venv / "bin/python"), "-c", check], quiet=True) == 0
    except OSError:
        return False


def _pip(*what: str) -> None:
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what]
    if _run(command) != 0:
        raise SystemExit("set-up: pip could not install (see above): is the package index reachable?")


# The annotations are quoted so that Python 3.8 gets as far as reporting that it is too old.
def _run(
    command: "list[str]", *, quiet: bool = False, cwd: Path = ROOT, environment: "dict[str, str] | None" = None
) -> int:
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run(
        command, cwd=cwd, env=environment, stdout=output, stderr=output, timeout=_LIMIT_SECONDS, check=False
    ).returncode


STEPS = {
    "venv": make_venv,
    "packages": install_packages,
    "command": install_command,
    "azurite": install_azurite,
    "browser": install_browser,
}

if __name__ == "__main__":
    STEPS[sys.argv[1]]()
