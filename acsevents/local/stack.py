"""The whole sink on one machine: Azurite, the Functions host with the real app, and a local Event Grid before it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from acsevents.local import LocalStackError
from acsevents.local.azurite import Azurite
from acsevents.local.event_grid import EventGrid, Notice
from acsevents.local.host_process import HostProcesses, host_processes, last_line
from acsevents.subscriptions import load

_GLANCE_SECONDS = 0.5


class Stack(NamedTuple):
    """What is running.

    Attributes:
        azurite: the tables.
        hosts: the function app.
        grid: the topic to publish to.
        dead_letter_folder: where Event Grid leaves what it could not deliver.
    """

    azurite: Azurite
    hosts: HostProcesses
    grid: EventGrid
    dead_letter_folder: Path

    async def death(self) -> None:
        """Wait until a part dies.

        Raises:
            LocalStackError: one did; the message says which, and what it said last.
        """
        while True:
            parts = [("Azurite", self.azurite.process.poll(), self.azurite.log)]
            parts += [("the Functions host", process.returncode, self.hosts.log) for process in self.hosts.running]
            for name, code, log in parts:
                if code is not None:
                    how = f"signal {-code}" if code < 0 else f"exit code {code}"
                    raise LocalStackError(f"{name} died ({how}, log: {log}): {last_line(log)}")
            await asyncio.sleep(_GLANCE_SECONDS)


@asynccontextmanager
async def stack(
    folder: Path,
    *,
    keep_tables: bool = False,
    host_port: int = 0,
    grid_port: int = 0,
    azurite_port: int | None = None,
    time_scale: float = 1.0,
    watch: Callable[[Notice], None] = lambda _notice: None,
) -> AsyncIterator[Stack]:
    """Run the stack, everything on 127.0.0.1.

    Args:
        folder: for logs, dead letters and, if they are kept, tables.
        keep_tables: keep the tables in the folder from one run to the next.
        host_port: of the Functions host; 0 takes a free one.
        grid_port: of the topic; 0 takes a free one.
        azurite_port: the first of three for the whole of Azurite; without it, only tables on a free one.
        time_scale: factor on Event Grid's retry schedule.
        watch: is told what becomes of each event.

    Raises:
        LocalStackError: a part does not start; the message names it and the cure.
    """
    dead_letters = folder / "event-grid-dead-letters"
    dead_letters.mkdir(parents=True, exist_ok=True)
    tables = folder / "azurite" if keep_tables else None
    if tables is not None:
        tables.mkdir(exist_ok=True)
    with Azurite.start(tables, azurite_port) as azurite:
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
            yield Stack(azurite, hosts, grid, dead_letters)
