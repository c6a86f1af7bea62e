"""The pool: which connection a request gets, and that every connection is returned."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from shared.storage.http import Connection, Origin
from shared.storage.pool import Pool
from tests.storage.misbehaving import HOST, MisbehavingServer, Script, answer, in_turn

SECONDS = 20.0  # more than any of this takes on a busy machine


def _deadline(seconds: float = SECONDS) -> float:
    return asyncio.get_running_loop().time() + seconds


async def ask(connection: Connection) -> int:
    """Send a request and return the status."""
    return (await connection.send("PUT", "/", "", b"{}", deadline=_deadline())).status


async def use(pool: Pool) -> int:
    """Take a connection for one request and give it back."""
    connection = pool.take()
    try:
        return await ask(connection)
    finally:
        pool.give_back(connection)


@asynccontextmanager
async def opened(script: Script) -> AsyncIterator[tuple[Pool, MisbehavingServer]]:
    """Open a pool of connections to a server with a script."""
    async with MisbehavingServer.start(script) as server, asyncio.timeout(60):
        pool = Pool(Origin(HOST, server.port, tls=False))
        try:
            yield pool, server
        finally:
            pool.close()


async def test_one_after_the_other_share_a_connection() -> None:
    """Ten consecutive requests use one connection."""
    async with opened(in_turn(answer(204))) as (pool, server):
        assert [await use(pool) for _ in range(10)] == [204] * 10

    assert (len(server.requests), server.opened) == (10, 1)


async def test_the_connection_that_was_used_last_is_taken_first() -> None:
    """Connections that only a burst needed stay idle until they are closed."""
    async with opened(in_turn(answer(204))) as (pool, server):
        connections = [pool.take() for _ in range(3)]
        for connection in connections:
            await ask(connection)
            pool.give_back(connection)

        assert pool.take() is connections[2]
        assert pool.take() is connections[1]

    assert server.opened == 3


async def test_a_connection_that_has_ended_is_not_taken_before_one_that_is_open() -> None:
    """An open connection is preferred to one whose stream has ended."""
    async with opened(in_turn(answer(204), answer(204, Connection="close"), answer(204))) as (pool, server):
        kept, ended = [pool.take() for _ in range(2)]
        await ask(kept)
        await ask(ended)
        pool.give_back(kept)
        pool.give_back(ended)

        assert pool.take() is kept

    assert server.opened == 2


async def test_closing_ends_every_connection() -> None:
    """Idle ones at once, one in use when it is returned."""
    left = asyncio.Semaphore(0)

    async def until_left(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(204)(reader, writer)
        await reader.read()
        left.release()

    async with opened(in_turn(until_left)) as (pool, _):
        idle, used = [pool.take() for _ in range(2)]
        await ask(idle)
        await ask(used)
        pool.give_back(idle)
        pool.close()
        await left.acquire()
        assert used.is_open
        pool.give_back(used)
        await left.acquire()
