"""`acsevents publish`."""

import asyncio
import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from acsevents.commands import command_app, examples
from acsevents.local.event_grid import LOCAL_KEY
from acsevents.local.stack import Ports
from acsevents.publishing import publish
from acsevents.running import find

app = command_app()


@app.command("publish", epilog=examples("publish samples/2025/*.json"))
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
    console = Console()
    running = find()
    topic = endpoint or (running.topic if running else f"http://127.0.0.1:{Ports().topic}/api/events")
    for file in files:
        asyncio.run(publish(topic, key, _events(file)))
        console.print(f"published {file}")


def _events(file: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise typer.BadParameter(f"{file} is not JSON: {error}") from error
    return found if isinstance(found, list) else [found]
