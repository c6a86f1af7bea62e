"""A missing table whose creation fails, hangs or is given up: a real server that does so."""

import asyncio

import pytest

from shared.errors import StorageError
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Tables
from tests.storage.events import chat
from tests.storage.misbehaving import (
    Request,
    ServerBesideTheTimeLine,
    Step,
    error,
    hang,
)
from tests.storage.weather import LONG, ROWS, SHORT, WRITTEN, deliver, missing_for_ever


async def test_a_table_that_stays_missing_is_trouble() -> None:
    """One creation is tried, one more write, and then Event Grid has to deliver again."""
    async with ServerBesideTheTimeLine.start(missing_for_ever) as server:
        with pytest.raises(StorageError, match="404 TableNotFound"):
            await deliver(server, chat())

    assert [request.table for request in server.requests] == ["ChatThreadEvents", "Tables", "ChatThreadEvents"]


@pytest.mark.parametrize(
    "creation", [error(403, "AuthorizationFailure"), error(500, "InternalError"), hang], ids=["403", "500", "hung"]
)
async def test_a_table_that_cannot_be_created_is_trouble(creation: Step) -> None:
    """The error names the table; a creation that hangs is not waited for beyond the patience."""

    def script(request: Request) -> Step:
        return creation if request.table == "Tables" else error(404, "TableNotFound")

    async with ServerBesideTheTimeLine.start(script) as server:
        with pytest.raises(StorageError, match="table ChatThreadEvents is missing"):
            await deliver(server, chat(), SHORT)


async def test_a_writer_that_gives_up_does_not_take_the_creation_with_it() -> None:
    """One of two who wait for a table is cancelled: the other's row is written all the same, after one creation."""
    created = asyncio.Event()

    async def in_a_while(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await created.wait()
        await error(409, "TableAlreadyExists")(reader, writer)

    def script(request: Request) -> Step:
        if request.table == "Tables":
            return in_a_while
        return WRITTEN if created.is_set() else error(404, "TableNotFound")

    async with ServerBesideTheTimeLine.start(script) as server, asyncio.timeout(20):
        tables = Tables(server.account, LONG)
        first, second = [asyncio.create_task(tables.upsert(row)) for row in ROWS]
        await server.hears(3)
        first.cancel()
        await asyncio.wait([first])
        created.set()
        await second
        await tables.close()

    assert first.cancelled()
    assert [request.table for request in server.requests].count("Tables") == 1


@pytest.mark.parametrize("together", [False, True])
async def test_closing_in_the_midst_of_a_creation_leaves_nothing_behind(*, together: bool) -> None:
    """A worker that is stopped while a table is being created ends in peace, and its writers are told."""

    def script(request: Request) -> Step:
        return hang if request.table == "Tables" else error(404, "TableNotFound")

    async with ServerBesideTheTimeLine.start(script) as server, asyncio.timeout(20):
        tables = Tables(server.account, LONG)
        store = GroupCommit(tables)
        writing = asyncio.create_task(store.write(ROWS if together else ROWS[:1]))
        await server.hears(2)
        await tables.close()
        with pytest.raises(StorageError):
            await writing
        await store.close()
