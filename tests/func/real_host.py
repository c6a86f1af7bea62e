"""Compare the stand-in for the Functions host with the real one: `make func-test`.

This needs Azure Functions Core Tools, so its name is not that of a test, and `make test` leaves it out.
"""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite, connection_string
from acsevents.local.ports import free_port
from shared.catalogue import TABLES, find
from tests import samples
from tests.func.func_host import azurite, func_host, real_app, vector_app
from tests.local.test_webhook_vectors import VECTORS, assert_answered
from tests.local.vector_host import VectorHost

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(name="vectors", scope="module", loop_scope="module")
async def _vectors(storage: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[VectorHost, Path]]:
    """Run the vector app in the real host; yield the file to which its functions write their input."""
    folder = vector_app(tmp_path_factory.mktemp("vectors"))
    notes = folder / "notes.txt"
    settings = {"AzureWebJobsStorage": storage, "NOTES": str(notes)}
    async with func_host(folder, "eg_sync", settings) as url, aiohttp.ClientSession(url) as session:
        yield VectorHost(url, session, []), notes


@pytest.fixture(name="storage", scope="module")
def _storage(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run the storage that the host itself needs: blobs, queues and tables."""
    with azurite(tmp_path_factory.mktemp("azurite")) as connection_string:
        yield connection_string


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
async def test_the_real_host_answers_as_was_recorded(vectors: tuple[VectorHost, Path], vector: dict[str, Any]) -> None:
    """Status, body, headers and number of invocations are as recorded; the stand-in must match the same vectors."""
    host, notes = vectors
    notes.write_text("")
    path = vector.get("path", "/runtime/webhooks/EventGrid")

    answer = await host.request(vector["method"], f"{path}?{vector['query']}", vector["body"], **vector["headers"])

    assert_answered(vector, answer, len(notes.read_text().splitlines()))


async def test_every_sample_is_recorded_and_survives_a_failure_of_storage(storage: str, tmp_path: Path) -> None:
    """Without tables a delivery fails. Delivered again, in four forms, each event has the rows of its golden."""
    port = free_port()
    settings = {"AzureWebJobsStorage": storage, "EventTables": connection_string(port)}
    async with func_host(real_app(tmp_path), "sms_events", settings) as url, aiohttp.ClientSession(url) as session:
        host = VectorHost(url, session, [])
        first = samples.event(samples.NAMES[0])
        refused = await host.deliver(_function_of(first), first)

        with Azurite(port, "table/main.js", "--inMemoryPersistence") as tables:
            assert tables.wait_until_started() is None
            statuses = [
                (await host.deliver(_function_of(event), form(event))).status
                for event in map(samples.event, samples.NAMES)
                for form in samples.FORMS.values()
            ]
            rows = _rows(tables.connection_string)

    assert 500 == refused.status
    assert {202} == set(statuses)
    assert _keys(row for name in samples.NAMES for row in samples.golden(name)) == _keys(rows)


def _function_of(event: dict[str, Any]) -> str:
    event_type = find(event["eventType"])
    assert event_type is not None
    return event_type.family.function


def _rows(connection_string: str) -> list[dict[str, Any]]:
    with TableServiceClient.from_connection_string(connection_string) as client:
        return [
            {"table": table, "entity": dict(entity)}
            for table in TABLES
            if table != "DeadLetters"
            for entity in client.get_table_client(table).list_entities()
        ]


def _keys(rows: Any) -> list[tuple[str, str, str]]:
    return sorted((row["table"], row["entity"]["PartitionKey"], row["entity"]["RowKey"]) for row in rows)
