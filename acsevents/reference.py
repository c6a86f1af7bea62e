"""Write docs/cli.md from the help of the commands: `python -m acsevents.reference > docs/cli.md`."""

from collections.abc import Iterator
from typing import Any

import typer

from acsevents.cli import SUMMARIES, app, load

_WIDTH = 80
_INTRODUCTION = """# The command line

`make setup` installs `.venv/bin/acsevents`, which works from any folder.
This page has the help of its commands; `python -m acsevents.reference > docs/cli.md` writes it.
"""


def reference() -> str:
    """Return the page: the help of `acsevents`, then of each command."""
    root = typer.main.get_command(app)
    return "\n".join((_INTRODUCTION, *_help(root, "acsevents", None), *_helps_of_all(root)))


def _helps_of_all(root: Any) -> Iterator[str]:
    parent = typer.Context(root, info_name="acsevents")
    for name in SUMMARIES:
        yield from _help(load(name), name, parent)


def _help(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = typer.Context(
        command, info_name=name, parent=parent, terminal_width=_WIDTH, help_option_names=["-h", "--help"]
    )
    yield f"## {context.command_path}\n\n```text\n{context.get_help()}\n```\n"
    if parent is not None:
        for inner_name, inner in getattr(command, "commands", {}).items():
            yield from _help(inner, inner_name, context)


if __name__ == "__main__":
    print(reference(), end="")
