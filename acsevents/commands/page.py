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
    read_only: Annotated[bool, typer.Option("--read-only", help="Refuse to replay and to send.")] = False,
) -> None:
    """Serve a web page on this machine: events as they happen, their stories, dead letters.

    It prints the address, which lets in whoever has it: only browsers on this machine reach it. It shows the tables
    that the other commands ask, until Ctrl-C. `acsevents up` serves the same page.
    """
    asyncio.run(run(port, read_only=read_only))
