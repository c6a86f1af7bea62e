"""What the page looks at in its tests: the local stack, in a folder where `acsevents page` finds it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from acsevents.local.event_grid import LOCAL_KEY
from acsevents.local.stack import Stack, stack
from acsevents.publishing import publish
from acsevents.running import FOLDER, Running, owned
from tests.page.sent import Event

SECONDS = 60.0
# 10 s to the first redelivery become half a second.
_TIME_SCALE = 0.05


class World:
    """A running stack.

    Attributes:
        folder: where it runs, as `acsevents up` would.
        tables: connection string of its tables.
    """

    def __init__(self, folder: Path, running: Stack) -> None:
        self.folder = folder
        self.tables = running.azurite.connection_string
        self._grid = running.grid

    @classmethod
    @asynccontextmanager
    async def start(cls, folder: Path) -> AsyncIterator[Self]:
        """Run the stack during the block."""
        async with stack(folder / "stack", time_scale=_TIME_SCALE) as running:
            with owned(folder / FOLDER) as announce:
                tables = running.azurite.connection_string
                announce(Running(os.getpid(), running.grid.endpoint, tables, running.hosts.url))
                yield cls(folder, running)

    async def send(self, *events: Event) -> None:
        """Publish events and wait until the functions have answered for each."""
        await publish(self._grid.endpoint, LOCAL_KEY, events)
        await self._grid.drain(SECONDS)
