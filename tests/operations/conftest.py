"""What the tests of the operations share: the rows of an empty Azurite, and a sink that writes there."""

from collections.abc import AsyncIterator

import pytest

from acsevents.operations.stored_rows import StoredRows
from shared.sink import Sink
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Tables


@pytest.fixture(name="stored")
async def _stored(account: Account) -> AsyncIterator[StoredRows]:
    async with StoredRows(account) as stored:
        yield stored


@pytest.fixture(name="store")
async def _store(account: Account) -> AsyncIterator[GroupCommit]:
    tables = Tables(account)
    store = GroupCommit(tables)
    yield store
    await store.close()
    await tables.close()


@pytest.fixture(name="sink")
async def _sink(store: GroupCommit) -> Sink:
    return Sink(store)
