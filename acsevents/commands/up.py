"""`acsevents up`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from acsevents.commands import command_app, examples
from acsevents.local.lifetime import Lifetime
from acsevents.local.stack import stack

app = command_app()


@app.command(epilog=examples("up", "up --host-port 0 --topic-port 0"))
def up(
    host_port: Annotated[int, typer.Option(help="Port of the Functions host.")] = 7071,
    topic_port: Annotated[int, typer.Option(help="Port of the topic.")] = 7072,
    folder: Annotated[Path, typer.Option(help="Keeps tables, logs and dead letters.")] = Path(".local"),
) -> None:
    """Keep Azurite, the Functions host and a local Event Grid running until Ctrl-C."""
    asyncio.run(_up(host_port, topic_port, folder))


async def _up(host_port: int, topic_port: int, folder: Path) -> None:
    console = Console()
    lifetime = Lifetime()
    console.print("starting …")
    async with stack(folder, keep_tables=True, host_port=host_port, grid_port=topic_port) as running:
        console.print(f"Event Grid topic     {running.grid.endpoint}")
        console.print(f"Functions host       {running.hosts.url}/runtime/webhooks/EventGrid?functionName=…")
        console.print(f"Azurite tables       http://127.0.0.1:{running.azurite.port}/devstoreaccount1")
        console.print(f"logs, dead letters   {folder}/\n")
        console.print(
            f"publish samples      .venv/bin/acsevents publish samples/2025/*.json --endpoint {running.grid.endpoint}",
            soft_wrap=True,
        )
        console.print("look them up         export EventTables='…' as below, then .venv/bin/acsevents thread …")
        console.print(running.azurite.connection_string, soft_wrap=True, highlight=False)
        console.print("\nCtrl-C stops everything")
        await lifetime.end()
