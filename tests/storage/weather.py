"""Events and rows on their way to a server that misbehaves, and the patience with it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.sink import DeadLettered, Recorded, Sink
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Patience, Tables
from tests.storage.misbehaving import (
    MisbehavingServer,
    Request,
    Step,
    answer,
    error,
)
from tests.storage.rows import encode

SHORT = Patience(attempts=3, attempt=0.3, whole=0.8, pause=0.01)
# For servers that answer at once: on a busy machine no time-out may come between.
LONG = Patience(attempts=3, attempt=15, whole=15, pause=0.01)
WRITTEN = answer(204)
ROWS = [encode("SmsEvents", {"PartitionKey": "p", "RowKey": str(number)}) for number in range(2)]


@asynccontextmanager
async def sinking(account: Account, patience: Patience | None) -> AsyncIterator[Sink]:
    """Open a sink as the app does, for at most the 20 s that a call may take."""
    tables = Tables(account, patience)
    store = GroupCommit(tables)
    try:
        async with asyncio.timeout(20):
            yield Sink(store)
    finally:
        async with asyncio.timeout(20):
            await store.close()
        await tables.close()


async def deliver(server: MisbehavingServer, text: str, patience: Patience | None = LONG) -> Recorded | DeadLettered:
    """Deliver one event."""
    async with sinking(server.account, patience) as sink:
        return await sink.receive(text, function="chat_thread_events")


async def write_together(server: MisbehavingServer, patience: Patience = LONG) -> None:
    """Write two rows in one transaction."""
    tables = Tables(server.account, patience)
    try:
        async with asyncio.timeout(20):
            await tables.upsert_together(ROWS)
    finally:
        await tables.close()


def puts(server: MisbehavingServer) -> list[Request]:
    """Tell the requests that wrote a row."""
    return [request for request in server.requests if request.method == "PUT"]


def missing_for_ever(request: Request) -> Step:
    """Refuse every row for its table, and every creation because the table is there."""
    return error(409, "TableAlreadyExists") if request.table == "Tables" else error(404, "TableNotFound")
