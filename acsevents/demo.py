"""The demonstration: send every sample event through Event Grid and the function app, then query the tables."""

import copy
import json
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from azure.data.tables.aio import TableServiceClient
from rich.console import Console
from rich.table import Table

from acsevents import show
from acsevents.local.event_grid import LOCAL_KEY
from acsevents.local.stack import Stack, stack
from acsevents.publishing import publish
from acsevents.samples import SAMPLES, as_cloud_event, events
from shared.catalogue import TABLES
from shared.lookups import Lookups
from shared.storage.connection_string import parse_connection_string

_DRAIN_SECONDS = 45.0
# The first redelivery comes after half a second instead of 10 s.
_TIME_SCALE = 0.05


async def demonstrate(console: Console) -> None:
    """Start the stack on free ports, send the samples in both schemas and print what was stored."""
    with TemporaryDirectory(prefix="acsevents-demo-") as folder:
        console.print("starting Azurite, the Functions host with function_app.py, and a local Event Grid …")
        async with stack(Path(folder), time_scale=_TIME_SCALE) as running:
            await _publish(console, running)
            await _print_tables(console, running)
            await _print_stories(console, running)


async def _publish(console: Console, running: Stack) -> None:
    as_published = list(events())
    in_cloud_events = [as_cloud_event(event) for event in as_published]
    grid = running.grid
    for batch in (as_published, in_cloud_events, [_without_number()]):
        await publish(grid.endpoint, LOCAL_KEY, batch)
    await grid.drain(_DRAIN_SECONDS)
    console.print(
        f"published {len(as_published)} sample events, each in Event Grid schema and again in CloudEvents 1.0, "
        "and one broken event"
    )
    counts = grid.counts
    console.print(f"Event Grid delivered {counts['delivered']} events, gave up on {counts['dead_lettered']}\n")


def _without_number() -> dict[str, Any]:
    """Return a received SMS without the number that received it."""
    event = copy.deepcopy(json.loads((SAMPLES / "2025" / "SMSReceived.json").read_text(encoding="utf-8"))[0])
    del event["data"]["to"]
    return {**event, "id": "an-sms-to-nobody"}


async def _print_tables(console: Console, running: Stack) -> None:
    table = Table("table", "rows", "of which", title="What is stored: one row per event, whatever its schema")
    async with TableServiceClient.from_connection_string(running.azurite.connection_string) as client:
        for name in TABLES:
            rows = client.get_table_client(name).list_entities(select=["Kind", "Reason"])
            kinds = Counter([row.get("Kind") or row.get("Reason") or "" async for row in rows])
            table.add_row(name, str(kinds.total()), ", ".join(f"{kinds[kind]} {kind}" for kind in sorted(kinds)))
    console.print(table)


async def _print_stories(console: Console, running: Stack) -> None:
    report = json.loads((SAMPLES / "2025" / "SMSDeliveryReportReceived.json").read_text(encoding="utf-8"))[0]["data"]
    edited = json.loads((SAMPLES / "2025" / "ChatMessageEditedInThread.json").read_text(encoding="utf-8"))[0]["data"]
    async with Lookups(parse_connection_string(running.azurite.connection_string)) as lookups:
        show.sms(console, await lookups.sms(report["from"], report["messageId"]))
        show.thread(console, await lookups.thread(edited["threadId"]))
        show.dead_letters(console, [letter async for letter in lookups.dead_letters()])
