"""The tables of an account, and a sink on them, opened during a block."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.sink import Sink
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Tables


@asynccontextmanager
async def opened(account: Account) -> AsyncIterator[Tables]:
    """Open tables during a block."""
    tables = Tables(account)
    try:
        yield tables
    finally:
        await tables.close()


@asynccontextmanager
async def opened_sink(account: Account) -> AsyncIterator[Sink]:
    """Open a sink during a block, as the app does."""
    async with opened(account) as tables:
        store = GroupCommit(tables)
        yield Sink(store)
        await store.close()
