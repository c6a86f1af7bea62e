"""Large replies: whole over TCP and over TLS, and gone from memory afterwards."""

import asyncio
import ssl

import pytest

from shared.storage.reply import MOST_BYTES
from tests.storage.connected import LARGE, SECONDS, WRITTEN, ask, connected
from tests.storage.misbehaving import answer, in_turn, last

LARGEST = MOST_BYTES - 1_000  # with its headers


@pytest.fixture(name="wire", params=["TCP", "TLS"])
def _wire(request: pytest.FixtureRequest) -> ssl.SSLContext | None:
    """Return the server's side of TLS, or None for plain TCP."""
    context: ssl.SSLContext | None = request.getfixturevalue("trusted") if request.param == "TLS" else None
    return context


async def test_a_reply_is_read_whole_whatever_its_size(wire: ssl.SSLContext | None) -> None:
    """Also where it fills what is received at a time, or just exceeds it."""
    sizes = [*range(2**14 - 60, 2**14 + 3), 2**15, LARGEST]
    async with connected(in_turn(*[answer(200, LARGE[:size]) for size in sizes]), wire) as (connection, server):
        replies = [await ask(connection) for _ in sizes]

    assert [reply.body for reply in replies] == [LARGE[:size] for size in sizes]
    assert server.opened == 1


@pytest.mark.parametrize("size", [2**14, 60_000, 200_000, LARGEST])
async def test_a_last_reply_is_read_whole(size: int, wire: ssl.SSLContext | None) -> None:
    """However soon after it the server closes: what has arrived is read before the end."""
    says = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % size + LARGE[:size]
    async with connected(in_turn(*[last(says)] * 10), wire) as (connection, server):
        replies = [await ask(connection) for _ in range(10)]

    assert [reply.body for reply in replies] == [LARGE[:size]] * 10
    assert server.opened == 10


async def test_a_kept_connection_keeps_no_large_buffer(wire: ssl.SSLContext | None) -> None:
    """One that a large reply needed is gone with it: a burst leaves dozens of connections behind."""
    async with connected(in_turn(WRITTEN, answer(200, LARGE[:LARGEST])), wire) as (connection, _):
        await ask(connection)
        stream = await connection.open(asyncio.get_running_loop().time() + SECONDS)
        small = len(stream.get_buffer(-1))
        await ask(connection)

        assert len(stream.get_buffer(-1)) == small < 2**16
