"""Measure the CPU of one PUT with our own client and with aiohttp: `python -m benchmarks.transport`.

Both write the same row to the same endpoint: a stand-in in another process, on another core if there is one.
"""

import asyncio
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
from yarl import URL

from benchmarks.table_server import HOST, TableServer
from shared.storage.http import Origin, header_lines
from shared.storage.pool import Pool

Put = Callable[[], Awaitable[int]]

_ROUNDS = 15
_PUTS = 1_500
_IN_FLIGHT = (1, 16, 64)
_SECONDS = 10.0
_WRITTEN = 204
_BODY = b'{"Body":"%s"}' % (b"x" * 1_290)  # as long as the row of a delivery report
_PATH = "/devstoreaccount1/SmsEvents(PartitionKey='%2B15551230000',RowKey='2516000000000000000~0123456789abcdef')"


@asynccontextmanager
async def own_client(port: int, headers: dict[str, str]) -> AsyncIterator[Put]:
    """Send as the app does."""
    pool = Pool(Origin(HOST, port, tls=False))
    now = asyncio.get_running_loop().time

    async def put() -> int:
        connection = pool.take()
        try:
            reply = await connection.send("PUT", _PATH, header_lines(headers), _BODY, deadline=now() + _SECONDS)
        finally:
            pool.give_back(connection)
        return reply.status

    yield put
    pool.close()


@asynccontextmanager
async def with_aiohttp(port: int, headers: dict[str, str]) -> AsyncIterator[Put]:
    """Send with aiohttp, without any feature that a write does not need."""
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=64),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        auto_decompress=False,
        skip_auto_headers=("Accept-Encoding", "User-Agent"),
    )
    url = URL(f"http://{HOST}:{port}{_PATH}", encoded=True)

    async def put() -> int:
        async with (
            asyncio.timeout(_SECONDS),
            session.put(url, data=_BODY, headers=headers, allow_redirects=False) as reply,
        ):
            return reply.status

    async with session:
        yield put


CLIENTS = {"own client": own_client, "aiohttp": with_aiohttp}


async def measure(port: int, in_flight: int) -> dict[str, float]:
    """Return the median CPU of this process per PUT in microseconds, by client; the clients take turns."""
    headers = {"Content-Type": "application/json", "Prefer": "return-no-content", "x-ms-version": "2019-02-02"}
    spent: dict[str, list[float]] = {name: [] for name in CLIENTS}
    async with AsyncExitStack() as opened:
        puts = {name: await opened.enter_async_context(open_(port, headers)) for name, open_ in CLIENTS.items()}
        for _ in range(_ROUNDS + 1):  # the first warms up
            for name, put in puts.items():
                spent[name].append(await _spend(put, in_flight))
    return {name: statistics.median(rounds[1:]) for name, rounds in spent.items()}


async def _spend(put: Put, in_flight: int) -> float:
    async def sender() -> None:
        for _ in range(_PUTS // in_flight):
            if await put() != _WRITTEN:
                raise RuntimeError("The stand-in did not accept the row.")

    start = time.process_time()
    await asyncio.gather(*[sender() for _ in range(in_flight)])
    return (time.process_time() - start) * 1e6 / (_PUTS // in_flight * in_flight)


def main() -> None:
    """Measure, and print a table."""
    first, *others = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, others or [first])
    with TableServer.start() as server:
        os.sched_setaffinity(0, [first])
        server.load("SmsEvents", [{"PartitionKey": "p", "RowKey": "r"}])  # creates the table
        print("| in flight | who | CPU µs per PUT | relative to aiohttp |\n| --- | --- | --- | --- |")
        for in_flight in _IN_FLIGHT:
            spent = asyncio.run(measure(server.port, in_flight))
            for name, cpu in spent.items():
                print(f"| {in_flight} | {name} | {cpu:.0f} | 1/{spent['aiohttp'] / cpu:.1f} |")


if __name__ == "__main__":
    main()
