"""Which tables are created, which rows are refused, and whose keys are enough, on Azurite."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import (
    AccountSasPermissions,
    ResourceTypes,
    generate_account_sas,
)
from azure.data.tables.aio import TableServiceClient as AsyncTableServiceClient

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY, Azurite
from shared.errors import RowRefused, StorageError
from shared.rows import keys
from shared.rows.columns import Entity
from shared.storage.account import Account, AccountKey
from shared.storage.connection_string import parse_connection_string
from tests.storage.edm import by_sdk, found, meant, rows_of
from tests.storage.opening import opened
from tests.storage.rows import encode
from tests.storage.test_tables import ODD


@pytest.mark.parametrize("together", [False, True])
async def test_writers_who_miss_a_table_share_one_creation(
    account: Account, monkeypatch: pytest.MonkeyPatch, *, together: bool
) -> None:
    """Nobody asks for a table before it is found missing; then it is created once for all, and all rows are there."""
    created: list[str] = []
    create = AsyncTableServiceClient.create_table_if_not_exists

    async def counted(client: AsyncTableServiceClient, table_name: str, **options: Any) -> object:
        created.append(table_name)
        return await create(client, table_name, **options)

    monkeypatch.setattr(AsyncTableServiceClient, "create_table_if_not_exists", counted)
    rows = [[encode("Kept", {"PartitionKey": str(p), "RowKey": str(r)}) for r in range(2)] for p in range(20)]
    async with opened(account) as tables:
        writes = [tables.upsert_together(pair) if together else tables.upsert(pair[0]) for pair in rows]
        await asyncio.gather(*writes)
        await tables.upsert(rows[0][0])

    assert created == ["Kept"]
    assert len(rows_of(account, "Kept")) == (40 if together else 20)


async def test_a_table_that_is_deleted_while_the_worker_runs_is_created_again(account: Account) -> None:
    """The next write after the deletion is there when it returns."""
    entity: Entity = {"PartitionKey": "p", "RowKey": "r"}
    async with opened(account) as tables:
        await tables.upsert(encode("Kept", entity))
        with by_sdk(account) as service:
            service.delete_table("Kept")
        await tables.upsert(encode("Kept", entity))

    assert [found(row) for row in rows_of(account, "Kept")] == [meant(entity)]


def _too_large() -> Entity:
    return {"PartitionKey": "p", "RowKey": "large", "Body": "x" * 40_000}


async def test_a_row_that_the_service_refuses_is_told_apart_from_trouble(account: Account) -> None:
    """Azurite's refusal of a 40,000 character string is a `RowRefused`, alone and for the whole transaction."""
    fine: Entity = {"PartitionKey": "p", "RowKey": "fine"}
    async with opened(account) as tables:
        with pytest.raises(RowRefused, match="PropertyValueTooLarge"):
            await tables.upsert(encode("Kept", _too_large()))
        with pytest.raises(RowRefused, match="PropertyValueTooLarge"):
            await tables.upsert_together([encode("Kept", fine), encode("Kept", _too_large())])

    assert rows_of(account, "Kept") == []


async def test_a_transaction_over_four_mebibytes_is_refused_for_its_content(account: Account) -> None:
    """413 means that the rows must be tried alone, as the SDK's RequestTooLargeError does."""
    rows = [
        encode("Kept", {"PartitionKey": "p", "RowKey": str(number), "RawZ0": b"x" * 60_000}) for number in range(60)
    ]
    async with opened(account) as tables:
        await tables.upsert(rows[0])
        with pytest.raises(RowRefused):
            await tables.upsert_together(rows)


def _signed(azurite: Azurite, permission: AccountSasPermissions) -> Account:
    signature = generate_account_sas(
        AzureNamedKeyCredential(ACCOUNT, ACCOUNT_KEY),
        ResourceTypes(service=True, container=True, object=True),
        permission,
        datetime.now(UTC) + timedelta(hours=1),
    )
    endpoint = f"http://127.0.0.1:{azurite.port}/{ACCOUNT}"
    return parse_connection_string(f"TableEndpoint={endpoint};SharedAccessSignature={signature}")


async def test_a_shared_access_signature_is_enough(account: Account, azurite: Azurite) -> None:
    """With an account signature rows are written alone and together, in a table that it creates; keys may be odd."""
    entities: list[Entity] = [{"PartitionKey": keys.key("a&b?"), "RowKey": keys.key(odd)} for odd in ODD]
    signed = _signed(azurite, AccountSasPermissions(read=True, write=True, add=True, update=True, create=True))
    async with opened(signed) as tables:
        await tables.upsert(encode("Kept", entities[0]))
        await tables.upsert_together([encode("Kept", entity) for entity in entities])

    rows = {row["RowKey"]: found(row) for row in rows_of(account, "Kept")}
    assert rows == {entity["RowKey"]: meant(entity) for entity in entities}


@pytest.mark.usefixtures("account")
async def test_a_signature_that_may_not_create_tables_says_so(azurite: Azurite) -> None:
    """Missing rights are storage trouble: Event Grid keeps the event until somebody mends them."""
    async with opened(_signed(azurite, AccountSasPermissions(add=True, update=True))) as tables:
        with pytest.raises(StorageError, match="Kept is missing and cannot be created") as raised:
            await tables.upsert(encode("Kept", {"PartitionKey": "p", "RowKey": "r"}))

    assert not isinstance(raised.value, RowRefused)


async def test_a_wrong_key_is_trouble_and_not_a_refusal(account: Account) -> None:
    """After a key was rotated events fail and are delivered again; they do not become dead letters."""
    wrong = base64.b64encode(b"not this one").decode()
    rotated = Account("EventTables", account.endpoint, AccountKey(ACCOUNT, wrong))
    async with opened(rotated) as tables:
        with pytest.raises(StorageError, match="403") as raised:
            await tables.upsert(encode("Kept", {"PartitionKey": "p", "RowKey": "r"}))

    assert not isinstance(raised.value, RowRefused)
