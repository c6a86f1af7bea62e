"""Who gets which connection, and that every one that was taken comes back."""

import asyncio
import gc
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

import pytest

from acsevents.local.ports import free_port
from shared.storage.http import Connection, Origin
from shared.storage.pool import MOST_CONNECTIONS, Pool
from tests.storage.misbehaving import HOST, MisbehavingServer, Script, answer, in_turn

SECONDS = 20.0  # more than any of this takes on a busy machine


def _deadline(seconds: float = SECONDS) -> float:
    return asyncio.get_running_loop().time() + seconds


async def ask(connection: Connection) -> int:
    """Send a request and return the status."""
    return (await connection.send("PUT", "/", {}, b"{}", deadline=_deadline())).status


async def use(pool: Pool) -> int:
    """Take a connection for one request and give it back."""
    connection = await pool.acquire(_deadline())
    try:
        return await ask(connection)
    finally:
        pool.release(connection)


@asynccontextmanager
async def opened(script: Script, limit: int = MOST_CONNECTIONS) -> AsyncIterator[tuple[Pool, MisbehavingServer]]:
    """Open a pool of connections to a server with a script."""
    async with MisbehavingServer.start(script) as server, asyncio.timeout(60):
        pool = Pool(Origin(HOST, server.port, tls=False), limit=limit)
        try:
            yield pool, server
        finally:
            pool.close()


async def test_one_after_the_other_share_a_connection() -> None:
    """Ten requests, none at the same time as another."""
    async with opened(in_turn(answer(204))) as (pool, server):
        assert [await use(pool) for _ in range(10)] == [204] * 10

    assert (len(server.requests), server.opened) == (10, 1)


async def test_the_connection_that_was_used_last_is_taken_first() -> None:
    """So that those which a burst needed and nobody needs now come to their end."""
    async with opened(in_turn(answer(204))) as (pool, server):
        connections = [await pool.acquire(_deadline()) for _ in range(3)]
        for connection in connections:
            await ask(connection)
            pool.release(connection)

        assert await pool.acquire(_deadline()) is connections[2]
        assert await pool.acquire(_deadline()) is connections[1]

    assert server.opened == 3


async def test_a_connection_that_has_ended_is_not_taken_before_one_that_is_open() -> None:
    """Its stream ended with its last request; the other's is still good for the next."""
    async with opened(in_turn(answer(204), answer(204, Connection="close"), answer(204))) as (pool, server):
        kept, ended = [await pool.acquire(_deadline()) for _ in range(2)]
        await ask(kept)
        await ask(ended)
        pool.release(kept)
        pool.release(ended)

        assert await pool.acquire(_deadline()) is kept

    assert server.opened == 2


async def test_no_more_connections_than_the_limit() -> None:
    """A hundred at once share four, and each gets its turn in the order of asking."""
    done: list[int] = []

    async def note(pool: Pool, number: int) -> None:
        await use(pool)
        done.append(number)

    async with opened(in_turn(answer(204)), limit=4) as (pool, server):
        await asyncio.gather(*[note(pool, number) for number in range(100)])

    assert server.opened == 4
    assert all(abs(number - place) < 4 for place, number in enumerate(done))


async def test_who_waits_too_long_gives_up() -> None:
    """At the deadline; a connection that is given back afterwards is the next one's."""
    async with opened(in_turn(answer(204)), limit=1) as (pool, _):
        taken = await pool.acquire(_deadline())
        with pytest.raises(TimeoutError):
            await pool.acquire(_deadline(0.02))
        pool.release(taken)

        assert await use(pool) == 204


async def test_who_is_cancelled_while_waiting_lets_the_next_in() -> None:
    """Also at the very moment when a connection is given to him."""
    async with opened(in_turn(answer(204)), limit=1) as (pool, _):
        taken = await pool.acquire(_deadline())
        first, second = [asyncio.create_task(use(pool)) for _ in range(2)]
        await asyncio.sleep(0)
        pool.release(taken)
        first.cancel()

        assert await second == 204
        assert first.cancelled() or await first == 204


async def test_a_connection_that_is_given_back_twice_counts_once() -> None:
    """The limit holds all the same."""
    async with opened(in_turn(answer(204)), limit=1) as (pool, _):
        taken = await pool.acquire(_deadline())
        pool.release(taken)
        pool.release(taken)
        await pool.acquire(_deadline())

        with pytest.raises(TimeoutError):
            await pool.acquire(_deadline(0.02))


async def test_closing_ends_every_connection() -> None:
    """Idle ones at once, one in use when it is given back."""
    left = asyncio.Semaphore(0)

    async def until_left(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await answer(204)(reader, writer)
        await reader.read()
        left.release()

    async with opened(in_turn(until_left)) as (pool, _):
        idle, used = [await pool.acquire(_deadline()) for _ in range(2)]
        await ask(idle)
        await ask(used)
        pool.release(idle)
        pool.close()
        await left.acquire()
        assert used.is_open
        pool.release(used)
        await left.acquire()


def _in_a_loop_of_its_own(work: Coroutine[None, None, object]) -> None:
    """Run in an event loop that is closed afterwards, as it is, with whatever is still under way."""
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(work)
    finally:
        loop.close()


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning", "ignore:loop is closed:ResourceWarning")
def test_a_change_of_the_event_loop_frees_every_connection() -> None:
    """All were in use and others waited when a loop ended, for good: in the next one nobody waits for any of them."""
    pool = Pool(Origin(HOST, port := free_port(), tls=False), limit=4)
    lost: list[Connection] = []

    async def first() -> None:
        async with MisbehavingServer.start(in_turn(answer(204)), port=port):
            assert await use(pool) == 204
            lost.extend([await pool.acquire(_deadline()) for _ in range(4)])
            waiting = asyncio.ensure_future(pool.acquire(_deadline()))
            await asyncio.sleep(0)
            assert not waiting.done()

    async def second() -> None:
        async with MisbehavingServer.start(in_turn(answer(204)), port=port):
            taken = [await pool.acquire(_deadline(0)) for _ in range(4)]
            assert [await ask(connection) for connection in taken] == [204] * 4
            for connection in lost:  # a task of the earlier loop may be collected only now
                pool.release(connection)
            with pytest.raises(TimeoutError):
                await pool.acquire(_deadline(0.02))
            for connection in taken:
                pool.release(connection)

    async def third() -> None:
        pool.close()

    for work in (first, second, third):
        _in_a_loop_of_its_own(work())
    lost.clear()
    gc.collect()
