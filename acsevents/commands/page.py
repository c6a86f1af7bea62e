"""`acsevents page`."""

import asyncio
from typing import Annotated

import typer

from acsevents.commands import command_app, examples
from acsevents.local.stack import Ports
from acsevents.page.run import run

app = command_app()


@app.command(epilog=examples("page", "page --read-only", "page --port 0"))
def page(
    port: Annotated[int, typer.Option(help="Port to listen on, 0 for any.")] = Ports().page,
    *,
    read_only: Annotated[bool, typer.Option("--read-only", help="Allow neither replaying nor sending.")] = False,
) -> None:
    """Serve a web page on this machine: events as they are recorded, SMS, threads and dead letters.

    The command prints the address with its key, and serves until Ctrl-C. Only browsers on this machine can open the
    page. It shows the tables that the other commands query; `acsevents up` serves the same page.
    """
    asyncio.run(run(port, read_only=read_only))
