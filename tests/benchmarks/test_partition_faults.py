"""The stand-in's faults are those of partitions of the real service."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from azure.core.exceptions import HttpResponseError, ServiceResponseError
from azure.data.tables import TableClient, UpdateMode

from benchmarks.partition_faults import PartitionFaults
from benchmarks.table_server import TableServer

ROW: dict[str, Any] = {"PartitionKey": "p", "RowKey": "r"}
OTHER: dict[str, Any] = {"PartitionKey": "q", "RowKey": "r"}


@pytest.fixture(name="server")
def _server() -> Iterator[TableServer]:
    with TableServer.start(store=True) as server:
        server.load("T", [OTHER])
        yield server


@pytest.fixture(name="table")
def _table(server: TableServer) -> Iterator[TableClient]:
    with TableClient.from_connection_string(server.connection_string, "T", retry_total=0, read_timeout=1) as table:
        yield table


def test_a_hung_partition_neither_answers_nor_keeps_anything_and_others_go_on(
    server: TableServer, table: TableClient
) -> None:
    """Its writes end with the client's patience, and no row of them is counted."""
    server.set_faults(PartitionFaults(hung=frozenset({"p"})))

    with pytest.raises(ServiceResponseError):
        table.upsert_entity(ROW)
    table.upsert_entity(OTHER)

    assert [OTHER] == list(table.query_entities("PartitionKey eq 'q'"))
    assert [] == list(table.query_entities("PartitionKey eq 'p'"))
    assert server.stats().operations["merge"].rows == 1


def test_a_slow_partition_answers_when_it_has_worked_off_all_rows_it_was_given(
    server: TableServer, table: TableClient
) -> None:
    """At 100 rows a second, two transactions of ten rows at once take a tenth and two tenths of a second."""
    server.set_faults(PartitionFaults(rows_per_second={"p": 100.0}))
    transactions = [
        [("upsert", {"PartitionKey": "p", "RowKey": f"{half}{row}"}, {"mode": UpdateMode.REPLACE}) for row in range(10)]
        for half in "ab"
    ]

    start = time.monotonic()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(table.submit_transaction, transactions))
    seconds = time.monotonic() - start

    assert seconds >= 0.2  # no sooner; how much later is the machine's affair
    assert len(list(table.query_entities("PartitionKey eq 'p'"))) == 20


def test_a_busy_partition_refuses_what_is_too_much_at_once(server: TableServer, table: TableClient) -> None:
    """While it works off a row, the next one is answered 503 ServerBusy and not kept; other partitions go on."""
    server.set_faults(PartitionFaults(rows_per_second={"p": 0.001}, busy=True))
    table.upsert_entity(ROW)

    with pytest.raises(HttpResponseError) as caught:
        table.upsert_entity(ROW | {"RowKey": "s"})
    table.upsert_entity(OTHER)

    assert (caught.value.status_code, "ServerBusy" in str(caught.value)) == (503, True)
    assert [ROW] == list(table.query_entities("PartitionKey eq 'p'"))


def test_the_weather_changes_back(server: TableServer, table: TableClient) -> None:
    """What was hung answers again."""
    server.set_faults(PartitionFaults(hung=frozenset({"p"})))
    server.set_faults(PartitionFaults())

    table.upsert_entity(ROW)

    assert [ROW] == list(table.query_entities("PartitionKey eq 'p'"))
