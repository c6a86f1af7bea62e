"""`acsevents up`."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from acsevents.commands import command_app, examples
from acsevents.local.stack import Ports
from acsevents.loop import run
from acsevents.running import FOLDER
from acsevents.up import up as run_stack

app = command_app()


@app.command(epilog=examples("up", "up --host-port 0 --topic-port 0 --page-port 0 --azurite-port 0"))
def up(
    host_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the Functions host.")] = Ports().host,
    topic_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the topic.")] = Ports().topic,
    page_port: Annotated[int, typer.Option(min=0, max=65_535, help="Port of the page.")] = Ports().page,
    azurite_port: Annotated[
        int, typer.Option(min=0, max=65_533, help="First of Azurite's three ports: blobs, queues, tables.")
    ] = Ports().azurite,
    folder: Annotated[Path, typer.Option(help="Folder for tables, logs and dead letters.")] = FOLDER,
) -> None:
    """Keep Azurite, the Functions host and a local Event Grid running until Ctrl-C, and serve the page."""
    run(lambda: run_stack(Console(), folder, Ports(host_port, topic_port, page_port, azurite_port)))
