"""Measure queries: the state of one SMS, the transcript of a thread, the last minutes of a million events."""

import asyncio
import http.client
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice

import msgspec

from benchmarks.events import OWN_NUMBER, THREAD, sms_reports, thread_messages
from benchmarks.table_server import TableServer, TimelineShape
from shared.decoder import decode
from shared.events.timestamps import TICKS_PER_SECOND
from shared.lookups import EventLine, EventQuery, Lookups
from shared.lookups.reader import ticks_of
from shared.rows.records import record_rows
from shared.rows.timeline import SHARDS
from shared.storage.connection_string import parse_connection_string
from shared.storage.odata import encode_rows

REPORTS = (1_000, 100_000)
THREAD_EVENTS = (1_000, 10_000)
MINUTES, PER_MINUTE = 10_000, 25  # per shard: a million events in a week
_LOADED_AT_ONCE = 1_000


class QueryCost(msgspec.Struct):
    """The cost of one query: requests, rows read, seconds."""

    requests: int
    rows: int
    seconds: float


def measure(progress: Callable[[str], None]) -> dict[str, QueryCost]:
    """Fill the stand-in step by step, and run both queries at each size."""
    answers: dict[str, QueryCost] = {}
    with TableServer.start(latency=0, store=True) as server:
        loaded = 0
        for size in REPORTS:
            progress(f"a partition of {size:,} reports")
            load(server, "SmsMessages", sms_reports(size - loaded, first=loaded))
            loaded = size
            query = partial(Lookups.sms, number=OWN_NUMBER, message_id=f"0f8fad5b-d9cb-469f-a165-{size // 2:012x}")
            answers[f"state of one SMS among {size:,} reports"] = asyncio.run(_ask(server, query))
        for size in THREAD_EVENTS:
            progress(f"a thread of {size:,} events")
            load(server, "ChatThreadEvents", thread_messages(size))  # the longer thread begins with the shorter one
            query_of_thread = partial(Lookups.thread, thread_id=THREAD)
            answers[f"transcript of a thread of {size:,} events"] = asyncio.run(_ask(server, query_of_thread))
        progress("a time line of a million events")
        answers[f"`events --since 10m` among {SHARDS * MINUTES * PER_MINUTE:,} events"] = _ask_for_minutes(server)
    return answers


async def _ask(server: TableServer, query: Callable[[Lookups], Awaitable[object]]) -> QueryCost:
    async with Lookups(parse_connection_string(server.connection_string)) as lookups:
        server.reset()
        start = time.perf_counter()
        story = await query(lookups)
        seconds = time.perf_counter() - start
    if story is None:
        raise RuntimeError("nothing was found")
    stats = server.stats()
    return QueryCost(stats.requests, stats.rows, seconds)


def _ask_for_minutes(server: TableServer) -> QueryCost:
    """Query the last ten minutes of a week, as `acsevents events --since 10m` does."""
    newest = ticks_of(datetime.now(UTC))
    (text,) = sms_reports(1)
    server.generate(TimelineShape(text, newest, MINUTES, PER_MINUTE))

    async def events(lookups: Lookups) -> list[EventLine]:
        wanted = EventQuery(since=newest - 10 * 60 * TICKS_PER_SECOND)
        return [line async for line in lookups.lines(wanted)]

    return asyncio.run(_ask(server, events))


def load(server: TableServer, table: str, texts: Iterable[str]) -> None:
    """Put the rows of events that belong into a table there."""
    rows = (row.body for text in texts for row in encode_rows(record_rows(decode(text))) if row.table == table)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for batch in _batches(rows):
        connection.request("POST", f"/__rows/{table}", b"[" + b",".join(batch) + b"]")
        connection.getresponse().read()
    connection.close()


def _batches(rows: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(rows, _LOADED_AT_ONCE)):
        yield batch
