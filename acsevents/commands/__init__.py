"""The commands, one module each: `app` in `commands/dead_letters.py` is `acsevents dead-letters`."""

import typer


def examples(*lines: str) -> str:
    """Return the epilog of a command's help: example commands."""
    return "\b\nExamples:\n" + "\n".join(f"  acsevents {line}" for line in lines)


def command_app() -> typer.Typer:
    """Return a typer app for one command or for a group of commands."""
    return typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
