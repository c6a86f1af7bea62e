"""Measure how soon the page sends its frame, which needs no table, and the last byte of the first screen.

`python -m benchmarks.first_screen` measures and prints only this. It uses no browser, so painting is not included.
"""

import asyncio
import statistics
import time
from datetime import UTC, datetime
from typing import NamedTuple

import aiohttp

from acsevents.page.server import serving
from benchmarks.events import OWN_NUMBER, THREAD, sms_reports, thread_messages
from benchmarks.markdown import table
from benchmarks.queries import load
from benchmarks.table_server import TableServer, TimelineShape
from shared.lookups.reader import ticks_of
from shared.rows.timeline import SHARDS
from shared.storage.connection_string import parse_connection_string

_LATENCY_SECONDS, _VISITS = 0.01, 9
_EVENTS, _PER_MINUTE = 100_000, 25  # in each shard
_VIEWS = {  # the list of events comes last, since opening it makes the page poll the tables
    "numbers": "/sms",
    "a number": f"/sms?number={OWN_NUMBER}",
    "a thread of 1,000 events": f"/threads?id={THREAD}",
    "events": "/",
    "events of a kind": "/?kind=sms.delivery-report",
    "events of an hour, by a text that matches none": "/?text=nothing+says+it&since=1h",
}


class Screen(NamedTuple):
    """Medians over several visits in milliseconds, and the smallest number of requests to the tables."""

    frame_ms: float
    whole_ms: float
    requests: int


def measure() -> dict[str, Screen]:
    """Measure visits to each view."""
    with TableServer.start(latency=_LATENCY_SECONDS, store=True) as server:
        for table_of_sms in ("SmsEvents", "SmsMessages"):
            load(server, table_of_sms, sms_reports(_EVENTS))
        load(server, "ChatThreadEvents", thread_messages(1_000))
        minutes = _EVENTS // SHARDS // _PER_MINUTE
        server.generate(TimelineShape(next(sms_reports(1)), ticks_of(datetime.now(UTC)), minutes, _PER_MINUTE))
        return asyncio.run(_visit_all(server))


async def _visit_all(server: TableServer) -> dict[str, Screen]:
    screens, cookies = {}, aiohttp.CookieJar(unsafe=True)  # accepts cookies of IP addresses too
    async with (
        serving(parse_connection_string(server.connection_string), key="key") as address,
        aiohttp.ClientSession(cookie_jar=cookies, raise_for_status=True) as session,
    ):
        await session.head(address)  # sets the cookie
        for name, path in _VIEWS.items():
            visits = [await _visit(server, session, address.partition("/?")[0] + path) for _ in range(_VISITS)]
            frames, wholes, requests = zip(*visits, strict=True)
            screens[name] = Screen(statistics.median(frames), statistics.median(wholes), min(requests))
    return screens


async def _visit(server: TableServer, session: aiohttp.ClientSession, url: str) -> Screen:
    server.reset()
    start = time.perf_counter()
    async with session.get(url) as answer:
        await answer.content.readany()
        frame = time.perf_counter()
        await answer.read()
    return Screen((frame - start) * 1000, (time.perf_counter() - start) * 1000, server.stats().requests)


def section(screens: dict[str, Screen]) -> list[str]:
    """Return the section of the results."""
    rows = [(name, f"{one.frame_ms:.0f}", f"{one.whole_ms:.0f}", f"{one.requests}") for name, one in screens.items()]
    setting = (
        f"The page shows {_EVENTS:,} events, without a browser; the tables answer after {_LATENCY_SECONDS * 1000:g} ms."
    )
    header = ("view", "frame, ms", "whole, ms", "requests")
    return ["## First screen of the page", "", setting, "", *table(header, rows)]


if __name__ == "__main__":
    print("\n".join(section(measure())))
