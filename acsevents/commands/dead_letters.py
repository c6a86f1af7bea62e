"""`acsevents dead-letters`."""

from typing import Annotated, Final

import typer

from acsevents.asking import ask
from acsevents.commands import command_app, examples
from acsevents.failures import NotFound
from acsevents.operating import DryRun
from acsevents.output import AsJson, in_json, json_line, rows
from acsevents.times import Since

app = command_app()

_COLUMNS: Final = {
    "time": 19,
    "function": 18,
    "reason": 16,
    "id": 16,
    "event_type": None,
    "event_id": None,
    "detail": None,
}

Reason = Annotated[str | None, typer.Option(help="A reason such as unsupported_type; docs/records.md lists them.")]


@app.callback(invoke_without_command=True, epilog=examples("dead-letters", "dead-letters --since 1d"))
def dead_letters(
    context: typer.Context, reason: Reason = None, since: Since = None, *, as_json: AsJson = False
) -> None:
    """List the events that could not be recorded, with the reasons; show one; record those that now can be."""
    if context.invoked_subcommand is None:
        list_them(reason, since, as_json=as_json)
    elif reason is not None or since is not None or as_json:
        raise typer.BadParameter(f"write the options behind `{context.invoked_subcommand}`")


@app.command("list", epilog=examples("dead-letters list --reason unsupported_type --since 7d"))
def list_them(reason: Reason = None, since: Since = None, *, as_json: AsJson = False) -> None:
    """List dead letters, with the reasons."""
    count = ask(lambda lookups: rows(lookups.dead_letters(reason=reason, since=since), _COLUMNS, as_json=as_json))
    if not count:
        raise NotFound("no such dead letter" if reason or since else "no dead letters")


@app.command("replay", epilog=examples("dead-letters replay --dry-run", "dead-letters replay --since 7d"))
def replay_them(
    reason: Reason = None, since: Since = None, *, dry_run: DryRun = False, as_json: AsJson = False
) -> None:
    """Record the dead letters that now can be recorded, and remove them.

    The others stay, with their reasons. Run it after an upgrade that adds event types or fixes a bug.
    """
    from acsevents.dead_letter_replay import replay  # noqa: PLC0415  listing them does not need it

    replay(reason, since, dry_run=dry_run, as_json=as_json)


@app.command("show", epilog=examples("dead-letters show 2f1c5e7a9b3d4860"))
def show_one(
    id_: Annotated[str, typer.Argument(metavar="ID", help="The id that `acsevents dead-letters` shows.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Show one dead letter with its text."""
    letter = ask(lambda lookups: lookups.dead_letter(id_))
    if letter is None:
        raise NotFound("no such dead letter")
    if in_json(as_json):
        print(json_line(letter.readable()))
        return
    from acsevents import show  # noqa: PLC0415  imports rich, which pipes can do without

    show.dead_letter(show.console(), letter)
