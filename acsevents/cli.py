"""The command line: `python -m acsevents`."""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from azure.core.exceptions import AzureError
from rich.console import Console

from acsevents import demo as demonstration
from acsevents import show
from acsevents.local import LocalStackError
from acsevents.local.event_grid import LOCAL_KEY
from acsevents.local.stack import Ports
from acsevents.publishing import publish
from acsevents.running import FOLDER, find
from acsevents.settings import load_settings
from acsevents.storm.rehearsal import rehearse
from acsevents.storm.run import LONG, SHORT
from acsevents.up import up as run_stack
from shared.errors import SinkError
from shared.lookups import DeadLetter, Lookups
from shared.storage.account import Account
from shared.storage.connection_string import parse_connection_string
from shared.storage.settings import CONNECTIONS, read_settings

app = typer.Typer(
    help="Look into the ACS event sink, and run all of it on this machine.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
_console = Console()
Answer = TypeVar("Answer")

AsJson = Annotated[bool, typer.Option("--json", help="One line of JSON instead of a table.")]


@app.command()
def demo() -> None:
    """Send every sample event through a local Event Grid and the function app, and show what was stored."""
    asyncio.run(demonstration.demonstrate(_console))


@app.command()
def up(
    host_port: Annotated[int, typer.Option(help="Port of the Functions host.")] = Ports().host,
    topic_port: Annotated[int, typer.Option(help="Port of the topic.")] = Ports().topic,
    azurite_port: Annotated[
        int, typer.Option(help="First of Azurite's three ports: blobs, queues, tables.")
    ] = Ports().azurite,
    folder: Annotated[Path, typer.Option(help="Keeps tables, logs and dead letters.")] = FOLDER,
) -> None:
    """Keep Azurite, the Functions host and a local Event Grid running until Ctrl-C."""
    asyncio.run(run_stack(_console, folder, Ports(host_port, topic_port, azurite_port)))


@app.command("publish")
def publish_files(
    files: Annotated[
        list[Path],
        typer.Argument(exists=True, dir_okay=False, help="JSON files, each with one event or an array of events."),
    ],
    endpoint: Annotated[
        str | None,
        typer.Option(envvar="EVENT_GRID_ENDPOINT", help="URL of the topic; by default that of `up` in this folder."),
    ] = None,
    key: Annotated[
        str, typer.Option(envvar="EVENT_GRID_KEY", help="Access key of the topic.", show_default=False)
    ] = LOCAL_KEY,
) -> None:
    """Publish events of either schema to an Event Grid topic; by default the one of `up`."""
    running = find()
    topic = endpoint or (running.topic if running else f"http://127.0.0.1:{Ports().topic}/api/events")
    for file in files:
        asyncio.run(publish(topic, key, _events(file)))
        _console.print(f"published {file}")


@app.command()
def sms(
    number: Annotated[str, typer.Argument(help="Your own number: `to` of a received SMS, `from` of a sent one.")],
    message_id: Annotated[str, typer.Argument(help="The id that ACS gave the message.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Tell what became of one SMS."""
    story = asyncio.run(_ask(lambda lookups: lookups.sms(number, message_id)))
    show.as_json(_console, story) if as_json else show.sms(_console, story)


@app.command()
def thread(
    thread_id: Annotated[str, typer.Argument(help="Id of the thread, such as 19:…@thread.v2.")],
    seen_by: Annotated[str | None, typer.Option(help="Raw id of a user: tell what that user saw.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Tell the transcript of one chat thread, after edits and deletions."""
    transcript = asyncio.run(
        _ask(
            lambda lookups: (
                lookups.thread_as_seen_by(seen_by, thread_id) if seen_by is not None else lookups.thread(thread_id)
            )
        )
    )
    show.as_json(_console, transcript) if as_json else show.thread(_console, transcript)


@app.command()
def dead_letters(*, as_json: AsJson = False) -> None:
    """List the events that could not be recorded, with the reasons."""
    letters = asyncio.run(_ask(_all_dead_letters))
    show.as_json(_console, letters) if as_json else show.dead_letters(_console, letters)


@app.command()
def storm(
    seed: Annotated[int | None, typer.Option(help="Repeat the storm of a seed; a new one by default.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many storms, with seeds counting up.")] = 1,
    *,
    short: Annotated[bool, typer.Option("--short", help="The short form, as in the tests.")] = False,
) -> None:
    """Rehearse every failure at once and prove from the tables that nothing was lost."""
    first = secrets.randbelow(10**6) if seed is None else seed
    for number in range(first, first + count):
        if not asyncio.run(rehearse(_console, number, SHORT if short else LONG)):
            raise typer.Exit(1)


def main() -> None:
    """Run a command; an error that has a cure is told in one line."""
    try:
        app()
    except (LocalStackError, SinkError, AzureError) as error:
        Console(stderr=True, emoji=False).print(f"acsevents: {error}", markup=False, highlight=False, soft_wrap=True)
        sys.exit(1)


async def _ask(question: Callable[[Lookups], Awaitable[Answer]]) -> Answer:
    async with Lookups(_account()) as lookups:
        return await question(lookups)


def _account() -> Account:
    """Find the tables to ask: those that the environment names, else of a running `up`, else of local.settings.json."""
    running = find()
    if running and not any(value and name.startswith(CONNECTIONS) for name, value in os.environ.items()):
        Console(stderr=True).print(f"asking the tables of `acsevents up` in {FOLDER}", style="dim", highlight=False)
        return parse_connection_string(running.tables)
    load_settings(Path())
    return read_settings(os.environ)


async def _all_dead_letters(lookups: Lookups) -> list[DeadLetter]:
    return [letter async for letter in lookups.dead_letters()]


def _events(file: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"{file} is not JSON: {error}") from error
    return found if isinstance(found, list) else [found]
