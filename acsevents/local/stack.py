"""The whole system on one machine: a local Event Grid, a Functions host with the real app, and Azurite."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from acsevents.local.azurite import Azurite
from acsevents.local.event_grid import EventGrid, Notice
from acsevents.local.host_process import HostProcesses, host_processes
from acsevents.subscriptions import load


class Ports(NamedTuple):
    """The ports on 127.0.0.1; Azurite uses three consecutive ones, for blobs, queues and tables.

    The page is no part of the stack: `acsevents up` serves it beside the stack.
    """

    host: int = 7071
    topic: int = 7072
    page: int = 7073
    azurite: int = 10000


class Stack(NamedTuple):
    """The running parts: the tables, the function app, and the topic to publish to."""

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
    """Run the stack on 127.0.0.1 during the block.

    Args:
        folder: for logs, dead letters and, if ports are given, tables.
        ports: the ports; if None, free ones, and of Azurite only the table service, in memory.
        time_scale: factor on Event Grid's retry schedule.
        watch: called with the outcome of each event.

    Raises:
        LocalStackError: a part does not start; the message names it and says what to do.
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
