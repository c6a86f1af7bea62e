"""Measure commands that read all rows: export, rebuild without changes, and rebuild of a missing time line."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from acsevents.operations.rebuild import Rebuilt, rebuild
from acsevents.operations.stored_rows import StoredRows
from benchmarks.events import sms_reports
from benchmarks.table_server import TableServer
from shared.catalogue import TIMELINE
from shared.decoder import decode
from shared.lookups import Lookups
from shared.rows.records import record_rows
from shared.storage.account import Account
from shared.storage.connection_string import parse_connection_string
from shared.storage.odata import encode_rows

EVENTS = 2_000


class Speed(msgspec.Struct):
    """The speed of reading all rows."""

    rows: int
    requests: int
    seconds: float


def measure(progress: Callable[[str], None]) -> dict[str, Speed]:
    """Fill the stand-in with delivery reports, and read all of them as the commands do."""
    speeds: dict[str, Speed] = {}
    with TableServer.start(latency=0, store=True) as server:
        _load(server, sms_reports(EVENTS))
        progress(f"export and rebuild of {EVENTS:,} events")
        speeds["`export`"] = asyncio.run(_work_on_all(server, _export))
        speeds["`rebuild`, nothing differs"] = asyncio.run(_work_on_all(server, partial(_rebuild, writes=0)))
    with TableServer.start(latency=0, store=True) as server:
        _load(server, sms_reports(EVENTS), without=TIMELINE)
        speeds["`rebuild`, filling the time line"] = asyncio.run(_work_on_all(server, partial(_rebuild, writes=EVENTS)))
    return speeds


async def _work_on_all(server: TableServer, work: Callable[[Account], Awaitable[int]]) -> Speed:
    server.reset()
    start = time.perf_counter()
    rows = await work(parse_connection_string(server.connection_string))
    return Speed(rows, server.stats().requests, time.perf_counter() - start)


async def _export(account: Account) -> int:
    rows = 0
    async with Lookups(account) as lookups:
        async for record in lookups.records():
            json.dumps(record)
            rows += 1
    return rows


async def _rebuild(account: Account, *, writes: int) -> int:
    rebuilt = Rebuilt()
    async with StoredRows(account) as stored:
        await rebuild(stored, rebuilt)
    if rebuilt.writes != writes:
        raise RuntimeError(f"{rebuilt.writes} rows were written instead of {writes}")
    return rebuilt.seen


def _load(server: TableServer, texts: Iterable[str], *, without: str = "") -> None:
    tables: dict[str, list[dict[str, Any]]] = {}
    for text in texts:
        for row in encode_rows(record_rows(decode(text))):
            if row.table != without:
                tables.setdefault(row.table, []).append(msgspec.json.decode(row.body))
    for table, entities in tables.items():
        server.load(table, entities)
