"""The whole sink on one machine: Azurite, the Functions host with the real app, and a local Event Grid before it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from acsevents.local.azurite import Azurite
from acsevents.local.event_grid import EventGrid, Notice
from acsevents.local.host_process import HostProcesses, host_processes
from acsevents.subscriptions import load


class Ports(NamedTuple):
    """Where the parts listen on 127.0.0.1; Azurite takes three ports in a row: blobs, queues and tables.

    The page is no part of the stack: `acsevents up` serves it beside.
    """

    host: int = 7071
    topic: int = 7072
    page: int = 7073
    azurite: int = 10000


class Stack(NamedTuple):
    """What is running: the tables, the function app, and the topic to publish to."""

    azurite: Azurite
    hosts: HostProcesses
    grid: EventGrid


@asynccontextmanager
async def stack(
    folder: Path,
    *,
    ports: Ports | None = None,
    time_scale: float = 1.0,
    watch: Callable[[Notice], None] = lambda _notice: None,
) -> AsyncIterator[Stack]:
    """Run the stack, everything on 127.0.0.1.

    Args:
        folder: for logs, dead letters and, if ports are given, tables.
        ports: where to listen, with all of Azurite; without them on free ports, with its tables in memory only.
        time_scale: factor on Event Grid's retry schedule.
        watch: is told what becomes of each event.

    Raises:
        LocalStackError: a part does not start; the message names it and the cure.
    """
    dead_letters, tables = folder / "event-grid-dead-letters", folder / "azurite"
    dead_letters.mkdir(parents=True, exist_ok=True)
    tables.mkdir(exist_ok=True)
    host_port, grid_port = (ports.host, ports.topic) if ports else (0, 0)
    with Azurite.start(tables if ports else None, ports.azurite if ports else None) as azurite:
        async with (
            host_processes(azurite.connection_string, port=host_port, log=folder / "host.log") as hosts,
            EventGrid.start(
                subscriptions=load(),
                webhook=hosts.url,
                dead_letter_folder=dead_letters,
                port=grid_port,
                time_scale=time_scale,
                watch=watch,
            ) as grid,
        ):
            yield Stack(azurite, hosts, grid)
