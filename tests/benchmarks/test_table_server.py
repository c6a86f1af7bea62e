"""The stand-in Table endpoint answers real clients as the service does, and counts what they ask."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from azure.core.exceptions import HttpResponseError, ResourceExistsError, ResourceNotFoundError
from azure.data.tables import (
    EdmType,
    EntityProperty,
    TableClient,
    TableServiceClient,
    TableTransactionError,
    UpdateMode,
)
from azure.data.tables.aio import TableClient as AsyncTableClient

from benchmarks.events import sms_reports
from benchmarks.table_server import TableServer, TimelineShape
from shared.events.timestamps import TICKS_PER_SECOND
from shared.lookups import EventQuery, Lookups
from shared.lookups.reader import ticks_of
from shared.rows.timeline import SHARDS
from shared.storage.connection_string import parse_connection_string


@pytest.fixture(name="table")
def _table(server: TableServer) -> Iterator[TableClient]:
    name = f"T{uuid4().hex}"
    with TableServiceClient.from_connection_string(server.connection_string, retry_total=0) as service:
        yield service.create_table(name)


def test_the_sync_client_reads_back_single_rows_and_transactions_of_a_hundred(table: TableClient) -> None:
    """What the SDK's sync client writes, alone or a hundred at once, it reads back."""
    rows = [{"PartitionKey": "+15550100", "RowKey": f"{i:03}", "Body": f"text {i}"} for i in range(101)]

    table.upsert_entity(rows[0], mode=UpdateMode.REPLACE)
    answers = table.submit_transaction([("upsert", row, {"mode": "replace"}) for row in rows[1:]])

    assert len(answers) == 100
    assert rows == list(table.query_entities("PartitionKey eq '+15550100'"))


async def test_the_async_client_reads_back_single_rows_and_transactions_of_a_hundred(
    server: TableServer,
) -> None:
    """What the SDK's async client writes, alone or a hundred at once, it reads back."""
    rows = [{"PartitionKey": "p", "RowKey": f"{i:03}", "Number": i} for i in range(101)]

    async with AsyncTableClient.from_connection_string(server.connection_string, "Async") as table:
        await table.create_table()
        await table.create_entity(rows[0])
        answers = await table.submit_transaction([("create", row) for row in rows[1:]])
        read = [row async for row in table.query_entities("PartitionKey eq 'p'")]

    assert len(answers) == 100
    assert rows == read


@pytest.mark.parametrize(
    "value",
    [
        "",
        "it's €5 and 😀",
        True,
        -(2**31),
        EntityProperty(2**40, EdmType.INT64),
        2.0,
        1e-9,
        b"\x00\xff",
        UUID(int=5),
        datetime(2026, 1, 2, 3, 4, 5, 678901, UTC),
    ],
    ids=repr,
)
def test_every_column_type_comes_back_equal(table: TableClient, value: Any) -> None:
    """A column keeps its value and type."""
    table.upsert_entity({"PartitionKey": "p", "RowKey": "r", "Column": value})

    read = table.get_entity("p", "r")["Column"]

    assert value == read
    assert type(value) is type(read) or isinstance(read, datetime)


@pytest.mark.parametrize("key", ["", "it's", "''", "100%", "%2F", "+1 555", "',RowKey='x", "é😀", "8:acs:a_b-c"])
def test_every_key_comes_back_equal(table: TableClient, key: str) -> None:
    """Keys survive the ways in which clients quote them, in paths and in filters."""
    table.upsert_entity({"PartitionKey": key, "RowKey": key, "Column": 1})

    assert table.get_entity(key, key)["Column"] == 1
    query = "PartitionKey eq @key and RowKey eq @key"
    assert [key] == [row["RowKey"] for row in table.query_entities(query, parameters={"key": key})]


def test_merge_keeps_the_columns_it_does_not_name_and_replace_drops_them(table: TableClient) -> None:
    """The two modes of an upsert differ as they do in the service."""
    keys = {"PartitionKey": "p", "RowKey": "r"}
    table.upsert_entity(keys | {"a": 1, "b": EntityProperty(2, EdmType.INT64)})

    table.upsert_entity(keys | {"b": 3}, mode=UpdateMode.MERGE)
    assert keys | {"a": 1, "b": 3} == table.get_entity("p", "r")

    table.upsert_entity(keys | {"c": 4}, mode=UpdateMode.REPLACE)
    assert keys | {"c": 4} == table.get_entity("p", "r")


def test_a_refused_transaction_leaves_nothing_and_names_the_operation(table: TableClient) -> None:
    """One conflict undoes its whole transaction."""
    rows = [{"PartitionKey": "p", "RowKey": key} for key in "abc"]
    table.create_entity(rows[1])

    with pytest.raises(TableTransactionError) as caught:
        table.submit_transaction([("create", row) for row in rows])

    assert (caught.value.index, _code(caught.value)) == (1, "EntityAlreadyExists")
    assert [rows[1]] == list(table.query_entities("PartitionKey eq 'p'"))


@pytest.mark.parametrize(
    ("keys", "code"),
    [(["a", "a"], "InvalidDuplicateRow"), ([str(i) for i in range(101)], "InvalidInput")],
    ids=["a row twice", "101 operations"],
)
def test_a_transaction_that_the_service_forbids_is_refused(table: TableClient, keys: list[str], code: str) -> None:
    """Limits that a client must keep are checked."""
    with pytest.raises(TableTransactionError) as caught:
        table.submit_transaction([("upsert", {"PartitionKey": "p", "RowKey": key}) for key in keys])

    assert (len(keys) - 1, code) == (caught.value.index, _code(caught.value))


def _code(error: HttpResponseError) -> str:
    code: str = getattr(error, "error_code")  # noqa: B009 - the SDK sets it without declaring it
    return code


def test_what_is_missing_or_there_already_is_refused(server: TableServer, table: TableClient) -> None:
    """Tables and rows exist or do not, with the service's statuses and codes."""
    row = {"PartitionKey": "p", "RowKey": "r"}
    table.create_entity(row)
    with TableClient.from_connection_string(server.connection_string, "Missing", retry_total=0) as missing:
        for asked, error, code in (
            (table.create_table, ResourceExistsError, "TableAlreadyExists"),
            (lambda: table.create_entity(row), ResourceExistsError, "EntityAlreadyExists"),
            (lambda: table.get_entity("p", "x"), ResourceNotFoundError, "ResourceNotFound"),
            (lambda: missing.upsert_entity(row), ResourceNotFoundError, "TableNotFound"),
            (lambda: missing.submit_transaction([("upsert", row)]), TableTransactionError, "TableNotFound"),
            (lambda: list(missing.query_entities("PartitionKey eq 'p'")), HttpResponseError, "TableNotFound"),
            (lambda: table.delete_entity(row), HttpResponseError, "NotImplemented"),
            (lambda: list(table.query_entities("Body eq 'x'")), HttpResponseError, "InvalidInput"),
        ):
            with pytest.raises(error) as caught:
                asked()
            assert code in str(caught.value)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("RowKey ge '0100' and RowKey lt '0103'", ["0100", "0101", "0102"]),
        ("(RowKey gt '0100') and (RowKey le '0102')", ["0101", "0102"]),
        ("RowKey eq '0500'", ["0500"]),
        ("RowKey ge '1100' and RowKey lt '0100'", []),
        ("RowKey ge ''", [f"{i:04}" for i in range(1100)]),
    ],
)
def test_ranges_of_row_keys_come_in_order_whatever_the_order_of_writing(
    server: TableServer, table: TableClient, condition: str, expected: list[str]
) -> None:
    """A query returns the rows of its range, sorted."""
    order = [i * 7 % 1100 for i in range(1100)]
    server.load(table.table_name, ({"PartitionKey": "p", "RowKey": f"{i:04}"} for i in order if i not in (5, 500)))
    for i in (500, 5):
        table.upsert_entity({"PartitionKey": "p", "RowKey": f"{i:04}"})

    rows = table.query_entities(f"PartitionKey eq 'p' and {condition}", select="RowKey")

    assert [{"RowKey": key} for key in expected] == list(rows)


def test_a_scan_gives_all_partitions_in_order_page_by_page(server: TableServer, table: TableClient) -> None:
    """Whatever ranges of keys it asks for, and wherever a page ends."""
    rows = [{"PartitionKey": f"{p:02}", "RowKey": f"{r:03}"} for p in range(25) for r in range(100)]
    server.load(table.table_name, rows[::-1])
    server.reset()

    assert rows == list(table.list_entities())
    assert server.stats().requests == 3
    for condition, expected in {
        "PartitionKey ge '03' and PartitionKey lt '20'": rows[300:2000],
        "RowKey lt '003'": [row for row in rows if row["RowKey"] < "003"],
        "PartitionKey gt '03' and RowKey ge '098'": [row for row in rows[400:] if row["RowKey"] >= "098"],
        "PartitionKey gt '99'": [],
    }.items():
        for page in (7, 100, 1000):
            assert expected == list(table.query_entities(condition, results_per_page=page))


async def test_a_generated_time_line_is_read_like_any_other(server: TableServer) -> None:
    """Only the minutes that are asked for are made; each event has its handle and its text."""
    newest = ticks_of(datetime.now(UTC))
    (text,) = sms_reports(1)
    server.generate(TimelineShape(text, newest, minutes=100_000, per_minute=3))
    server.reset()
    async with Lookups(parse_connection_string(server.connection_string)) as lookups:
        lines = [line async for line in lookups.lines(EventQuery(since=newest - 5 * 60 * TICKS_PER_SECOND))]

    assert SHARDS * 3 * 4 <= len(lines) <= SHARDS * 3 * 6
    assert len({line.handle for line in lines}) == len(lines)
    assert sorted((line.time for line in lines), reverse=True) == [line.time for line in lines]
    assert {("sms.delivery-report", "Delivered")} == {(line.kind, line.what) for line in lines}
    assert server.stats().requests == SHARDS


def test_a_page_holds_a_thousand_rows_and_a_lookup_is_one_request(server: TableServer, table: TableClient) -> None:
    """Requests are counted by operation, with the rows that they wrote or returned; a reset starts anew."""
    server.load(table.table_name, ({"PartitionKey": "p", "RowKey": f"{i:05}"} for i in range(2500)))
    server.reset()
    assert server.stats().requests == 0

    assert len(list(table.query_entities("PartitionKey eq 'p'"))) == 2500
    table.upsert_entity({"PartitionKey": "p", "RowKey": "x"}, mode=UpdateMode.REPLACE)
    table.submit_transaction([("upsert", {"PartitionKey": "p", "RowKey": str(i)}) for i in range(7)])
    table.get_entity("p", "x")

    stats = server.stats()
    counted = {name: (count.requests, count.rows) for name, count in stats.operations.items()}
    assert counted == {"query": (3, 2500), "replace": (1, 1), "transaction": (1, 7), "get": (1, 1)}
    assert (stats.requests, stats.rows) == (6, 2509)
    assert stats.bytes == sum(count.bytes for count in stats.operations.values()) > 2500 * 50
