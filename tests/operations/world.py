"""Tables as a whole: what stands in them, and operations that are cut off anywhere."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from acsevents.operations.recording import Store
from acsevents.operations.stored_rows import StoredRows
from shared.rows.columns import Entity
from shared.rows.records import TableRow
from shared.rows.timeline import Place
from shared.sink import Sink
from shared.storage.account import Account
from shared.storage.odata import Row
from tests.storage.edm import Typed, by_sdk, found

World = dict[Place, Typed]
"""Every row of every table, as the service has it."""


def world(account: Account) -> World:
    """Read everything."""
    with by_sdk(account) as service:
        return {
            (table.name, row["PartitionKey"], row["RowKey"]): found(row)
            for table in service.list_tables()
            for row in service.get_table_client(table.name).list_entities()
        }


def empty(account: Account) -> None:
    """Remove every row; tables stay, since the service takes a while to create one anew."""
    with by_sdk(account) as service:
        for table in service.list_tables():
            client = service.get_table_client(table.name)
            for row in client.list_entities(select=["PartitionKey", "RowKey"]):
                client.delete_entity(row)


async def keep(sink: Sink, *texts: str | dict[str, Any]) -> None:
    """Receive events, as texts or as JSON objects."""
    whole = [text if isinstance(text, str) else json.dumps(text) for text in texts]
    await asyncio.gather(*(sink.receive(text, function="sms_events") for text in whole))


class Cut(Exception):  # noqa: N818  what happens to the operation
    """Stands for the end of the process."""


class Fuse:
    """Blows at one write of many, in front of it or right behind it; later writes are nobody's any more."""

    def __init__(self, writes: int | None = None, *, behind: bool = False) -> None:
        self.writes = 0
        self._left = writes
        self._behind = behind

    async def around(self, write: Callable[[], Awaitable[Any]]) -> Any:
        """Do a write, unless the fuse has blown."""
        self.writes += 1
        if self._left is None:
            return await write()
        self._left -= 1
        if self._left < 0 or (self._left == 0 and not self._behind):
            raise Cut
        outcome = await write()
        if self._left <= 0:
            raise Cut
        return outcome


class FusedRows(StoredRows):
    """Rows behind a fuse."""

    def __init__(self, account: Account, fuse: Fuse) -> None:
        super().__init__(account)
        self._fuse = fuse

    async def insert(self, row: TableRow) -> bool:
        """Insert, unless cut off."""
        return bool(await self._fuse.around(lambda: StoredRows.insert(self, row)))

    async def put(self, row: TableRow) -> None:
        """Put, unless cut off."""
        await self._fuse.around(lambda: StoredRows.put(self, row))

    async def replace(self, row: TableRow, etag: str) -> bool:
        """Replace, unless cut off."""
        return bool(await self._fuse.around(lambda: StoredRows.replace(self, row, etag)))

    async def delete(self, place: Place, etag: str | None = None) -> bool:
        """Delete, unless cut off."""
        return bool(await self._fuse.around(lambda: StoredRows.delete(self, place, etag)))

    async def delete_together(self, places: Sequence[Place]) -> None:
        """Delete together, unless cut off."""
        await self._fuse.around(lambda: StoredRows.delete_together(self, places))


class FusedStore:
    """The sink's write path behind a fuse; a cut may leave only some of an event's rows written."""

    def __init__(self, store: Store, fuse: Fuse) -> None:
        self._store = store
        self._fuse = fuse

    async def write(self, rows: Sequence[Row]) -> None:
        """Write row by row, unless cut off."""
        for row in rows:
            await self._fuse.around(lambda row=row: self._store.write([row]))  # type: ignore[misc]  # mypy cannot infer a lambda with a default


def texts_of(rows: World) -> list[Entity]:
    """Return the rows as plain columns."""
    return [{name: value for name, (_, value) in row.items()} for row in rows.values()]  # type: ignore[misc]  # the service gives nothing else
