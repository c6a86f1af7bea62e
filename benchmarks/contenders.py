"""The contenders, this app and the functions that people usually write: coroutines that make an event durable."""

import asyncio
import json
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from azure.functions import EventGridEvent
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum

Handle = Callable[[str], Awaitable[None]]
HandleOf = Callable[[str], Handle]
"""Return the coroutine that runs the function of a name."""

_TABLE = "Events"
_THREADS = 100

logging.getLogger("azure").setLevel(logging.WARNING)  # at INFO the peers would pay for a log line per request


@asynccontextmanager
async def no_op(_connection_string: str) -> AsyncIterator[HandleOf]:
    """Do nothing, to measure the cost of an invocation."""

    async def handle(_text: str) -> None:
        pass

    yield lambda _function: handle


@asynccontextmanager
async def this_app(connection_string: str) -> AsyncIterator[HandleOf]:
    """Run the functions that the host would find in `function_app`."""
    os.environ["EventTables"] = connection_string  # noqa: SIM112  the setting's name
    from function_app import app  # noqa: PLC0415  not part of the peers' cost

    logging.disable()  # azure-functions warns about an authorization level that Event Grid triggers do not have
    functions = {function.get_function_name(): function.get_user_function() for function in app.get_functions()}
    logging.disable(logging.NOTSET)
    yield functions.__getitem__


@asynccontextmanager
async def async_sdk(connection_string: str) -> AsyncIterator[HandleOf]:
    """Take an `EventGridEvent`, and await one `upsert_entity`."""
    from azure.data.tables import UpdateMode  # noqa: PLC0415  only the peers pay for it
    from azure.data.tables.aio import TableServiceClient  # noqa: PLC0415  the same

    async with TableServiceClient.from_connection_string(connection_string) as client:
        table = await client.create_table_if_not_exists(_TABLE)

        async def handle(text: str) -> None:
            await table.upsert_entity(entity_of(event_of(text)), mode=UpdateMode.REPLACE)

        yield lambda _function: handle


@asynccontextmanager
async def sync_sdk(connection_string: str) -> AsyncIterator[HandleOf]:
    """Take an `EventGridEvent`, and call `upsert_entity` once in the worker's thread pool."""
    from azure.data.tables import TableServiceClient, UpdateMode  # noqa: PLC0415  only the peers pay for it

    with (
        TableServiceClient.from_connection_string(connection_string) as client,
        ThreadPoolExecutor(_THREADS) as threads,
    ):
        table = client.create_table_if_not_exists(_TABLE)

        def work(text: str) -> None:
            table.upsert_entity(entity_of(event_of(text)), mode=UpdateMode.REPLACE)

        async def handle(text: str) -> None:
            await asyncio.get_running_loop().run_in_executor(threads, work, text)

        yield lambda _function: handle


@asynccontextmanager
async def pydantic_models(connection_string: str) -> AsyncIterator[HandleOf]:
    """Take a `str`, validate it with pydantic models, and await one `upsert_entity`."""
    from azure.data.tables import UpdateMode  # noqa: PLC0415  only the peers pay for it
    from azure.data.tables.aio import TableServiceClient  # noqa: PLC0415  the same

    from benchmarks.pydantic_peer import read  # noqa: PLC0415  only this peer pays for pydantic

    async with TableServiceClient.from_connection_string(connection_string) as client:
        table = await client.create_table_if_not_exists(_TABLE)

        async def handle(text: str) -> None:
            await table.upsert_entity(read(text), mode=UpdateMode.REPLACE)

        yield lambda _function: handle


NO_OP, THIS_APP, PEER = "no-op", "this app", "async SDK"
CONTENDERS = {
    NO_OP: no_op,
    THIS_APP: this_app,
    PEER: async_sdk,
    "sync SDK": sync_sdk,
    "pydantic": pydantic_models,
}


def event_of(text: str) -> EventGridEvent:
    """Decode an event as the Python worker does for a parameter of this type."""
    event = EventGridEventInConverter.decode(Datum(text, "json"), trigger_metadata={})
    assert isinstance(event, EventGridEvent)  # noqa: S101  no CloudEvents are sent here
    return event


def entity_of(event: EventGridEvent) -> dict[str, Any]:
    """Return the one row that a peer writes."""
    data = event.get_json()
    owner = data.get("from") or data["recipientId"]
    return {
        "PartitionKey": owner,
        "RowKey": event.id,
        "EventType": event.event_type,
        "Subject": event.subject,
        "EventTime": event.event_time,
        "MessageId": data["messageId"],
        "Status": data.get("deliveryStatus"),
        "Text": data.get("messageBody"),
        "Data": json.dumps(data),
    }
