"""The start of a command: from any folder, and without imports that it does not need."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from acsevents import __version__
from acsevents.local import setup
from tests.cli.running import ROOT, in_a_pipe
from tests.cli.test_events import THREAD

# What makes a start slow, each some tens of milliseconds, and what a look-up in a pipe has no use for.
OF_OTHER_COMMANDS = (
    *("acsevents.storm", "acsevents.local.stack", "aiohttp", "pydantic", "azure.eventgrid", "azure.functions"),
)
OF_TERMINALS = ("rich.console", "acsevents.tables")


@pytest.mark.parametrize(
    ("arguments", "needless"),
    [
        (["--help"], [*OF_OTHER_COMMANDS, *OF_TERMINALS, "azure", "shared.lookups"]),
        (["--version"], [*OF_OTHER_COMMANDS, *OF_TERMINALS, "azure", "shared.lookups"]),
        (["sms", "+15555550100", "some-message"], [*OF_OTHER_COMMANDS, *OF_TERMINALS, "azure.identity"]),
        (["thread", THREAD], [*OF_OTHER_COMMANDS, *OF_TERMINALS, "azure.identity"]),
        (["export"], [*OF_OTHER_COMMANDS, *OF_TERMINALS, "azure.identity"]),
        (["events"], [*OF_OTHER_COMMANDS, *OF_TERMINALS, "azure.identity"]),
    ],
)
def test_a_command_imports_what_it_needs(arguments: list[str], needless: list[str], tables: str) -> None:
    """Until it has read its last row, no module of other commands is imported."""
    code = (
        "import sys, json\n"
        "from acsevents.cli import main\n"
        f"sys.argv = ['acsevents', *{arguments!r}]\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(json.dumps(sorted(sys.modules)))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={**os.environ, "EventTables": tables},
    )
    imported = json.loads(ran.stdout.splitlines()[-1])

    assert [] == [name for name in needless if name in imported]


def test_the_command_that_set_up_writes_works_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if the folder has modules of the same names, or a path has a blank."""
    venv = tmp_path / "a folder" / ".venv"
    (venv / "bin").mkdir(parents=True)
    (venv / "bin" / "python").symlink_to(sys.executable)
    (venv / "pyvenv.cfg").write_text(Path(sys.prefix, "pyvenv.cfg").read_text())
    (venv / "lib").symlink_to(Path(sys.prefix, "lib"))
    (tmp_path / "shared.py").write_text("raise SystemExit('not this one')")
    (tmp_path / "json.py").write_text("raise SystemExit('not this one')")
    monkeypatch.setattr(setup, "VENV", venv)
    setup.install_command()
    ran = subprocess.run(
        [venv / "bin" / "acsevents", "--version"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )

    assert (0, f"acsevents {__version__}\n", "") == (ran.returncode, ran.stdout, ran.stderr)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_can_complete_commands_and_options(shell: str) -> None:
    """`acsevents --install-completion` sets it up."""
    words = {"COMP_WORDS": "acsevents dead", "COMP_CWORD": "1", "_TYPER_COMPLETE_ARGS": "acsevents dead"}
    ran = in_a_pipe(**words, _ACSEVENTS_COMPLETE=f"complete_{shell}", _TYPER_COMPLETE_FISH_ACTION="get-args")

    assert "dead-letters" in ran.out


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("acsevents events --kind sms", ["sms.received", "sms.delivery-report"]),
        ("acsevents dead-letters re", ["replay"]),
        ("acsevents send SMSR", ["SMSReceived"]),
    ],
)
def test_the_shell_can_complete_values_too(typed: str, offered: list[str]) -> None:
    """Kinds of events, commands of a group, samples by their types."""
    words = typed.count(" ")
    ran = in_a_pipe(COMP_WORDS=typed, COMP_CWORD=str(words), _ACSEVENTS_COMPLETE="complete_bash")

    assert offered == ran.out.split()


def test_a_pipe_that_is_closed_early_is_no_failure(tables: str) -> None:
    """As in `acsevents export | head`."""
    command = f"{sys.executable} -m acsevents export | head -n 1"
    ran = subprocess.run(  # noqa: S602  a pipe of the shell is what this is about
        command,
        shell=True,
        cwd=ROOT,
        env={**os.environ, "EventTables": tables},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (1, "") == (ran.stdout.count("\n"), ran.stderr)
