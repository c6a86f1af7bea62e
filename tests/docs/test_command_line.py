"""docs/cli.md is the help of the commands, and the help is complete."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from acsevents.cli import SUMMARIES, load
from acsevents.reference import reference

ROOT = Path(__file__).parents[2]


def _with_inner(name: str, command: Any) -> list[tuple[str, Any]]:
    """Return a command and the commands of its group."""
    return [(name, command), *((f"{name} {inner}", one) for inner, one in getattr(command, "commands", {}).items())]


COMMANDS = [pair for name in SUMMARIES for pair in _with_inner(name, load(name))]


def test_the_page_is_what_the_commands_say() -> None:
    """If this fails, run `make picture`."""
    assert reference() == (ROOT / "docs" / "cli.md").read_text(encoding="utf-8"), "run `make picture`"


@pytest.mark.parametrize("name", SUMMARIES)
def test_the_list_of_commands_says_what_each_command_says_of_itself(name: str) -> None:
    """The summaries are separate so that `--help` imports no command; each is the first line of its command's help."""
    assert SUMMARIES[name] == load(name).help.partition("\n\n")[0].replace("\n", " ")


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_help_has_an_example(name: str, command: Any) -> None:
    """An example of that very command."""
    shown = command.get_help(typer.Context(command, info_name=name))

    assert re.search(rf"Examples:\n\s+acsevents {name}\b", shown)


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_every_argument_and_option_says_what_it_is(name: str, command: Any) -> None:
    """Every one has a help text."""
    assert [] == [f"{name} {one.name}" for one in command.params if not one.help]
