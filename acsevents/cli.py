"""The command line `acsevents` and its list of commands. A command's module is imported only when it runs."""

import gc
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from acsevents import __version__
from acsevents.failures import explained

SUMMARIES: Final[Mapping[str, str]] = {
    "events": "Show what happened, newest first.",
    "event": "Show everything about one event: its columns, drift and text, and where its rows are.",
    "sms": "Show what became of one SMS, of a number's latest ones, or how well a number delivers.",
    "thread": "Show the transcript of one chat thread, after edits and deletions.",
    "user": "List one user's threads, and the user's display name in each.",
    "numbers": "List your own numbers, each with its last event.",
    "threads": "List the chat threads, each with its last event.",
    "users": "List the chat users that events were delivered to, each with their last event.",
    "page": "Serve a web page on this machine: events as they are recorded, SMS, threads and dead letters.",
    "dead-letters": (
        "List the events that could not be recorded, with the reasons; show one; record those that now can be."
    ),
    "replay": "Record the events of Event Grid's dead-letter files, or of any file of events.",
    "rebuild": "Decode every stored event again with the current code, and write what differs.",
    "erase": "Erase a user, a number or a thread from all tables, and write a receipt.",
    "prune": "Remove events older than a date by their own time, and dead letters by the time they were stored.",
    "export": "Write every recorded event to stdout, with all columns and its text as `Raw`, in no particular order.",
    "send": "Send events to an Event Grid topic, by default that of `up`.",
    "doctor": "Check settings, packages, tables, subscriptions and the deployment, and say how to fix each problem.",
    "demo": "Send every sample event through a local Event Grid and the function app, and show what was stored.",
    "up": "Keep Azurite, the Functions host and a local Event Grid running until Ctrl-C, and serve the page.",
    "storm": "Rehearse every failure at once and prove from the tables that nothing was lost.",
}
"""The commands in the order that the help lists them, each with the first line of its help."""

_EXIT_CODES: Final = """\b
Exit codes:
  0  found, or done
  1  not found, or refused
  2  the command line, a setting or a file is not usable
  3  the tables cannot be reached: network, sign-in, role or service
  130  interrupted by Ctrl-C, as shells count it
"""


class Commands(TyperGroup):
    """A group that lists its commands by name and summary, and imports a command only to run it."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands = {name: TyperCommand(name, short_help=summary) for name, summary in SUMMARIES.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command named by the first argument."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command and load(name or ""), rest


def load(name: str) -> Any:
    """Import one command."""
    gc.disable()  # imports create no garbage, and looking for it would take an eighth of the start time
    try:
        module = import_module(f"acsevents.commands.{name.replace('-', '_')}")
    finally:
        gc.enable()
    command = typer.main.get_command(module.app)
    command.name = name
    return command


def _print_version(wanted: bool) -> None:  # noqa: FBT001  called by typer
    if wanted:
        typer.echo(f"acsevents {__version__}")
        raise typer.Exit


# Plain help, for pipes, narrow windows and docs/cli.md; it also starts faster.
app = typer.Typer(
    cls=Commands,
    epilog=_EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def acsevents(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Query, repair and test the ACS event sink.

    Answers are tables on a terminal, and one JSON object per line in a pipe or with --json.
    """


def main() -> None:
    """Run a command; explain errors that the user can correct in one line."""
    with explained():
        app(prog_name="acsevents")
