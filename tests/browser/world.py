"""What the page looks at in its tests: the local stack, in a folder where `acsevents page` finds it."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from acsevents.local.event_grid import LOCAL_KEY
from acsevents.local.stack import Stack, stack
from acsevents.publishing import publish
from acsevents.running import FOLDER, Running, owned
from shared.catalogue import DEAD_LETTERS, EVENT_TYPES
from shared.errors import ContentError
from shared.rows.dead_letters import dead_letter
from tests.browser.sent import Event

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

    async def bury(self, event: Event, error: ContentError) -> None:
        """File an event as a dead letter, as an earlier release did that could not record it."""
        known = EVENT_TYPES.get(event["eventType"])
        function = known.family.function if known else "chat_thread_events"
        letter = dead_letter(function, json.dumps(event), error)
        row = {"PartitionKey": letter.partition, "RowKey": letter.row_key, **letter.columns}
        async with TableServiceClient.from_connection_string(self.tables) as service:
            await (await service.create_table_if_not_exists(DEAD_LETTERS)).upsert_entity(row, UpdateMode.REPLACE)

    async def send(self, *events: Event) -> None:
        """Publish events and wait until the functions have answered for each."""
        await publish(self._grid.endpoint, LOCAL_KEY, events)
        await self._grid.drain(SECONDS)
