"""Tables with every sample event, and some dead letters."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite
from acsevents.samples import events
from shared.storage.connection_string import parse_connection_string
from tests.storage.opening import opened_sink

UNKNOWN_TYPE = json.dumps({"id": "an-unknown-event", "eventType": "Contoso.Unknown", "data": {"to": "+15555550100"}})


@pytest.fixture(name="tables", scope="module")
def _tables(azurite: Azurite) -> Iterator[str]:
    """Return the connection string of tables with all samples."""
    _empty(azurite)
    asyncio.run(record(azurite.connection_string, *(json.dumps(event) for event in events()), UNKNOWN_TYPE, "no JSON"))
    yield azurite.connection_string
    _empty(azurite)


@pytest.fixture(name="samples", scope="session")
def _samples() -> list[dict[str, Any]]:
    """The sample events."""
    return list(events())


async def record(connection_string: str, *texts: str) -> None:
    """Record events as the app does."""
    async with opened_sink(parse_connection_string(connection_string)) as sink:
        await asyncio.gather(*(sink.receive(text, function="sms_events") for text in texts))


def _empty(azurite: Azurite) -> None:
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        for table in service.list_tables():
            service.delete_table(table.name)
