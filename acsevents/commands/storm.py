"""`acsevents storm`."""

import secrets
from functools import partial
from typing import Annotated

import typer
from rich.console import Console

from acsevents.commands import command_app, examples
from acsevents.loop import run
from acsevents.storm.rehearsal import rehearse
from acsevents.storm.run import LONG, SHORT

app = command_app()


@app.command(epilog=examples("storm", "storm --short --seed 7"))
def storm(
    seed: Annotated[int | None, typer.Option(help="Seed of a storm to repeat; by default a new one.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many storms, with consecutive seeds.")] = 1,
    *,
    short: Annotated[bool, typer.Option("--short", help="Run a short storm, as the tests do.")] = False,
) -> None:
    """Rehearse every failure at once and prove from the tables that nothing was lost."""
    first = secrets.randbelow(10**6) if seed is None else seed
    for number in range(first, first + count):
        if not run(partial(rehearse, Console(), number, SHORT if short else LONG)):
            raise typer.Exit(1)
