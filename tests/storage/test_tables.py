"""The lean write path against the real Azurite: equal to azure-data-tables, row by row."""

import asyncio
import gc
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import (
    UpdateMode,
)
from azure.data.tables.aio import TableServiceClient as AsyncTableServiceClient
from azure.data.tables.aio._policies_async import AsyncTablesRetryPolicy
from hypothesis import example, given, settings
from hypothesis import strategies as st

from acsevents.local.azurite import Azurite
from shared.events import timestamps
from shared.events.numbers import Int64
from shared.rows import keys
from shared.rows.columns import COLUMNS, Edm, Entity
from shared.storage.account import Account, AccountKey
from shared.storage.connection_string import parse_connection_string
from shared.storage.tables import RETRIED, Tables
from tests.storage.edm import for_sdk, found, meant, rows_of
from tests.storage.opening import opened
from tests.storage.rows import encode

# What has broken clients of Table Storage before.
ODD = [
    "plain",
    "it's",
    "''",
    "a/b\\c#d?e",
    "100%",
    "%27 or 1 eq 1",
    "' or 1 eq 1",
    "🌻 sunflower",
    "\u202eright to left",
    "</script>",
    '"quoted"',
    "a b+c&d=e;f,g",
    "(),'",
    ".",
    "..",
    "~",
    "\x00\x1f\x7f\x85",
    "\u2028\u2029",
    '\\u2028 and \\\\ and \\" and \x08\x0c',
    "\ud7ff\ue000\uffff\U00010000\U0010ffff",
    "é" * 250,
    "🌻" * 300,
    "/" * 300,
]
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_VALUES = {
    Edm.STRING: _TEXT,
    Edm.INT32: st.integers(-(2**31), 2**31 - 1),
    Edm.INT64: st.integers(-(2**63), 2**63 - 1).map(Int64),
    Edm.DATE_TIME: st.integers(
        timestamps.Instant.parse("1601-01-01T00:00:00Z").ticks,
        timestamps.Instant.parse("9999-12-31T23:59:59.9999999Z").ticks,
    ).map(timestamps.edm),
}
_KEY = (_TEXT | st.sampled_from(ODD)).map(keys.key)
_CHUNKS = st.lists(st.binary(max_size=100), max_size=3).map(
    lambda chunks: {f"RawZ{number}": chunk for number, chunk in enumerate(chunks)}
)


def _entity(columns: dict[str, Any], chunks: dict[str, bytes]) -> Entity:
    return {**columns, **chunks}


ENTITIES = st.builds(
    _entity,
    st.fixed_dictionaries(
        {"PartitionKey": _KEY, "RowKey": _KEY},
        optional={name: _VALUES[edm] for name, edm in COLUMNS.items() if name not in {"PartitionKey", "RowKey"}},
    ),
    _CHUNKS,
)


async def write(account: Account, table: str, *entities: Entity) -> None:
    """Write rows one by one and close."""
    async with opened(account) as tables:
        for entity in entities:
            await tables.upsert(encode(table, entity))


async def _three_ways(account: Account, entity: Entity) -> None:
    neighbour: Entity = {"PartitionKey": entity["PartitionKey"], "RowKey": "beside"}
    assert isinstance(account.credential, AccountKey)
    sdk = AsyncTableServiceClient(
        account.endpoint, credential=AzureNamedKeyCredential(account.credential.name, account.credential.key)
    )
    async with opened(account) as tables, sdk:
        await sdk.create_table_if_not_exists("BySdk")
        await sdk.get_table_client("BySdk").upsert_entity(for_sdk(entity), mode=UpdateMode.REPLACE)
        await tables.upsert(encode("Alone", entity))
        await tables.upsert_together([encode("Together", entity), encode("Together", neighbour)])
        at = (str(entity["PartitionKey"]), str(entity["RowKey"]))
        read = {name: await sdk.get_table_client(name).get_entity(*at) for name in ("BySdk", "Alone", "Together")}

    by_sdk = read.pop("BySdk")
    assert found(by_sdk) == meant(entity)
    for row in read.values():
        assert found(row) == meant(entity)
        assert repr(row) == repr(by_sdk)


@settings(max_examples=60, deadline=None)
@given(entity=ENTITIES)
@example(entity={"PartitionKey": "", "RowKey": ""})
def test_a_row_reads_back_as_if_the_sdk_had_written_it(azurite: Azurite, entity: Entity) -> None:
    """Written alone, in a transaction or by azure-data-tables, any entity is the same values in the same types."""
    asyncio.run(_three_ways(parse_connection_string(azurite.connection_string), entity))


@pytest.mark.parametrize("odd", ODD)
async def test_odd_characters_in_keys_and_texts_come_back(account: Account, odd: str) -> None:
    """Alone and in a transaction, each key is found under its own characters and no other row is touched."""
    entity: Entity = {"PartitionKey": keys.key(odd), "RowKey": keys.key(odd), "Body": odd}
    beside: Entity = {**entity, "RowKey": "beside"}
    async with opened(account) as tables:
        await tables.upsert(encode("Alone", entity))
        await tables.upsert_together([encode("Together", entity), encode("Together", beside)])

    assert [found(row) for row in rows_of(account, "Alone")] == [meant(entity)]
    rows = {row["RowKey"]: found(row) for row in rows_of(account, "Together")}
    assert rows == {keys.key(odd): meant(entity), "beside": meant(beside)}


async def test_a_row_replaces_what_has_its_keys(account: Account) -> None:
    """Upsert replaces: a column that the new row lacks is gone, alone and in a transaction."""
    first: Entity = {"PartitionKey": "p", "RowKey": "r", "Body": "first", "Tag": "old"}
    second: Entity = {"PartitionKey": "p", "RowKey": "r", "Body": "second"}
    beside: Entity = {**second, "RowKey": "beside"}
    async with opened(account) as tables:
        await tables.upsert(encode("Alone", first))
        await tables.upsert(encode("Alone", second))
        await tables.upsert(encode("Together", first))
        await tables.upsert_together([encode("Together", second), encode("Together", beside)])

    assert [found(row) for row in rows_of(account, "Alone")] == [meant(second)]
    assert [found(row) for row in rows_of(account, "Together")] == [meant(beside), meant(second)]


async def test_a_hundred_rows_of_the_full_size_of_a_transaction_are_written(account: Account) -> None:
    """The service's largest transaction passes: 100 rows, all there afterwards."""
    entities: list[Entity] = [
        {"PartitionKey": "p", "RowKey": f"{number:03}", "Body": "x" * 31_000} for number in range(100)
    ]
    async with opened(account) as tables:
        await tables.upsert_together([encode("Kept", entity) for entity in entities])

    assert [found(row) for row in rows_of(account, "Kept")] == [meant(entity) for entity in entities]


@pytest.mark.parametrize("shift", range(12))
@pytest.mark.parametrize(
    "text", ["안녕하세요 ", "Здравствуйте, ", "🌻👩‍👩‍👧🇰🇷", "é"], ids=["Korean", "Cyrillic", "emoji", "Latin"]
)
@pytest.mark.promise("Whole")
async def test_texts_over_many_pieces_of_a_body_come_back(account: Account, text: str, shift: int) -> None:
    """Azurite decodes a body in pieces of 64 KiB: wherever a piece ends, no character is broken, alone or together."""
    body = ("x" * shift + text * 15_000)[:15_000]
    entities: list[Entity] = [
        {"PartitionKey": "p", "RowKey": str(number), "Body": body, "Raw": body, "Subject": body} for number in range(3)
    ]
    async with opened(account) as tables:
        await tables.upsert(encode("Alone", entities[0]))
        await tables.upsert_together([encode("Together", entity) for entity in entities])

    assert [found(row) for row in rows_of(account, "Alone")] == [meant(entities[0])]
    assert [found(row) for row in rows_of(account, "Together")] == [meant(entity) for entity in entities]


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # in a loop that is closed nothing can be closed
def test_a_change_of_the_event_loop_costs_nothing(account: Account) -> None:
    """A worker may change its loop: rows are written and tables created in each, by the same `Tables`."""
    tables = Tables(account)
    rows = [
        [encode(f"Kept{run}", {"PartitionKey": "p", "RowKey": str(number)}) for number in range(3)] for run in (0, 1)
    ]

    async def use(run: int) -> None:
        await tables.upsert(rows[run][0])
        await tables.upsert_together(rows[run][1:])
        await tables.upsert(rows[0][0])

    for run in (0, 1):
        asyncio.run(use(run))
    asyncio.run(tables.close())
    gc.collect()

    assert [len(rows_of(account, f"Kept{run}")) for run in (0, 1)] == [3, 3]


async def test_closing_twice_or_unused_does_no_harm(account: Account) -> None:
    """A worker that never wrote, or is stopped twice, ends in peace."""
    tables = Tables(account)
    await tables.close()
    await tables.close()


def _is_retried(status: int, **headers: str) -> bool:
    """Ask azure-data-tables whether it sends a PUT again after an answer."""
    policy: Any = AsyncTablesRetryPolicy()  # type: ignore[no-untyped-call]  # azure-data-tables leaves it untyped
    request = SimpleNamespace(method="PUT")
    answer = SimpleNamespace(status_code=status, headers=headers)
    response: Any = SimpleNamespace(http_request=request, http_response=answer)
    return bool(policy.is_retry(policy.configure_retries({}), response))


def test_the_same_answers_are_retried_as_by_the_sdk() -> None:
    """When azure-data-tables changes what it retries for a PUT, this names the difference."""
    assert {status for status in range(400, 600) if _is_retried(status)} == RETRIED
