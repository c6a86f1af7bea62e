"""This app and the functions that everybody writes, each as one coroutine that makes an event durable."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Any

from azure.data.tables import TableServiceClient, UpdateMode
from azure.data.tables.aio import TableServiceClient as AsyncTableServiceClient
from azure.functions import EventGridEvent
from azure.functions.eventgrid import EventGridEventInConverter
from azure.functions.meta import Datum

from shared.catalogue import Family
from shared.sink import Sink
from shared.storage.connection_string import parse_connection_string
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Tables

Handle = Callable[[str], Awaitable[None]]
_TABLE = "Events"
_THREADS = 100

logging.getLogger("azure").setLevel(logging.WARNING)  # at INFO the peers would pay for a log line per request


@asynccontextmanager
async def this_app(connection_string: str, family: Family) -> AsyncIterator[Handle]:
    """Decode, normalize, group commit: all of what the triggers call."""
    tables = Tables(parse_connection_string(connection_string))
    commit = GroupCommit(tables)
    sink = Sink(commit)

    async def handle(text: str) -> None:
        await sink.receive(text, function=family.function)

    yield handle
    await commit.close()
    await tables.close()


@asynccontextmanager
async def async_sdk(connection_string: str, _family: Family) -> AsyncIterator[Handle]:
    """`EventGridEvent` in, one awaited `upsert_entity` out."""
    async with AsyncTableServiceClient.from_connection_string(connection_string) as client:
        table = await client.create_table_if_not_exists(_TABLE)

        async def handle(text: str) -> None:
            await table.upsert_entity(_entity(_event(text)), mode=UpdateMode.REPLACE)

        yield handle


@asynccontextmanager
async def sync_sdk(connection_string: str, _family: Family) -> AsyncIterator[Handle]:
    """`EventGridEvent` in, one `upsert_entity` out, in the worker's thread pool."""
    with (
        TableServiceClient.from_connection_string(connection_string) as client,
        ThreadPoolExecutor(_THREADS) as threads,
    ):
        table = client.create_table_if_not_exists(_TABLE)

        def work(text: str) -> None:
            table.upsert_entity(_entity(_event(text)), mode=UpdateMode.REPLACE)

        async def handle(text: str) -> None:
            await asyncio.get_running_loop().run_in_executor(threads, work, text)

        yield handle


@asynccontextmanager
async def pydantic_models(connection_string: str, _family: Family) -> AsyncIterator[Handle]:
    """`str` in, validated by pydantic models, one awaited `upsert_entity` out."""
    from benchmarks.pydantic_peer import read  # noqa: PLC0415  only this peer pays for pydantic

    async with AsyncTableServiceClient.from_connection_string(connection_string) as client:
        table = await client.create_table_if_not_exists(_TABLE)

        async def handle(text: str) -> None:
            await table.upsert_entity(read(text), mode=UpdateMode.REPLACE)

        yield handle


CONTENDERS = {
    "this app": this_app,
    "async SDK": async_sdk,
    "sync SDK": sync_sdk,
    "pydantic": pydantic_models,
}


def _event(text: str) -> EventGridEvent:
    """Decode as the Python worker does for a parameter of this type."""
    event = EventGridEventInConverter.decode(Datum(text, "json"), trigger_metadata={})
    assert isinstance(event, EventGridEvent)  # noqa: S101  no CloudEvents are sent here
    return event


def _entity(event: EventGridEvent) -> dict[str, Any]:
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
