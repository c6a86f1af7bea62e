"""Requests over kept connections: a real server that closes, cuts and lies."""

import asyncio
import gc
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from shared.storage.http import Connection, Origin
from shared.storage.reply import BadReply
from shared.storage.stream import ReplyLost
from tests.storage.connected import LARGE, SAYS, SECONDS, WRITTEN, ask, bodies, connected, until, until_left
from tests.storage.misbehaving import (
    HOST,
    Step,
    answer,
    hang_up,
    in_turn,
    last,
    raw,
    reset,
)

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS)
async def test_a_connection_is_kept(says: bytes) -> None:
    """Ten requests, one connection."""
    async with connected(in_turn(raw(says))) as (connection, server):
        replies = [await ask(connection) for _ in range(10)]

    assert len({reply.body for reply in replies}) == 1
    assert (len(server.requests), server.opened) == (10, 1)


async def test_a_connection_can_be_opened_before_its_first_request() -> None:
    """It is opened once; a reply that is lost on it is lost, as on any connection that has carried none."""
    async with connected(in_turn(hang_up, WRITTEN)) as (connection, server):
        await connection.open(asyncio.get_running_loop().time() + SECONDS)
        await connection.open(asyncio.get_running_loop().time() + SECONDS)
        assert connection.is_open
        with pytest.raises(ReplyLost):
            await ask(connection)
        await ask(connection)

    assert (len(server.requests), server.opened) == (2, 2)


DOUBTFUL = {
    "it says so": answer(204, Connection="close"),
    "HTTP/1.0": raw(b"HTTP/1.0 204 No Content\r\n\r\n"),
    "a second reply": raw(SAYS["nothing"] * 2),
    "more than its length": raw(SAYS["a body"] + b"o"),
    "a body where there is none": raw(b"HTTP/1.1 204 No Content\r\nContent-Length: 1\r\n\r\nx"),
}


@pytest.mark.parametrize("first", DOUBTFUL.values(), ids=DOUBTFUL)
async def test_any_doubt_closes_the_connection(first: Step) -> None:
    """The reply counts, and the next request goes over another connection."""
    first, left = until_left(first)
    async with connected(in_turn(first, answer(200, b"second"))) as (connection, server):
        assert (await ask(connection)).status in {202, 204}
        assert not connection.is_open
        await left.wait()
        assert (await ask(connection)).body == b"second"

    assert (len(server.requests), server.opened) == (2, 2)


async def test_bytes_after_a_reply_close_the_connection() -> None:
    """Whatever comes while nobody waits is never taken for the reply to the next request."""
    more = asyncio.Event()

    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw(SAYS["nothing"])(reader, writer)
        await more.wait()
        await raw(b"HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n")(reader, writer)
        await reader.read()

    async with connected(in_turn(late, answer(200, b"second"))) as (connection, server):
        await ask(connection)
        assert connection.is_open
        more.set()
        await until(lambda: not connection.is_open)
        assert (await ask(connection)).body == b"second"

    assert server.opened == 2


async def test_a_connection_that_the_server_closes_is_opened_again() -> None:
    """Closed while nobody used it: the next request finds that out, and is sent once."""
    async with connected(in_turn(last(SAYS["nothing"]), WRITTEN)) as (connection, server):
        await ask(connection)
        await until(lambda: not connection.is_open)
        await ask(connection)

    assert (len(server.requests), server.opened) == (2, 2)


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS)
async def test_a_reply_that_is_cut_at_any_byte_is_lost(says: bytes) -> None:
    """Half a reply is none: on a fresh connection the caller is told so, whatever the missing half would have said."""
    cuts = range(len(says))
    async with connected(in_turn(*[last(says[:cut]) for cut in cuts])) as (connection, server):
        for _ in cuts:
            with pytest.raises(ReplyLost):
                await ask(connection)

    assert (len(server.requests), server.opened) == (len(cuts), len(cuts))


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS)
async def test_a_reply_that_is_lost_on_a_kept_connection_is_asked_for_once_more(says: bytes) -> None:
    """Cut at any byte: the request is sent again on a fresh connection, and its reply is whole."""
    cuts = range(len(says))
    steps = [step for cut in cuts for step in (WRITTEN, last(says[:cut]), answer(200, b"again", Connection="close"))]
    async with connected(in_turn(*steps)) as (connection, server):
        for _ in cuts:
            assert (await ask(connection)).status == 204
            assert (await ask(connection)).body == b"again"

    assert (len(server.requests), server.opened) == (3 * len(cuts), 2 * len(cuts))


@pytest.mark.parametrize("lose", [hang_up, reset])
async def test_a_body_that_is_sent_again_is_whole(lose: Step) -> None:
    """Three mebibytes, the same both times."""
    async with connected(in_turn(WRITTEN, lose, WRITTEN)) as (connection, server):
        await ask(connection)
        await ask(connection, LARGE)

    assert bodies(server.requests) == [b"{}", LARGE, LARGE]


async def test_a_reply_that_is_lost_twice_is_the_callers_to_ask_for() -> None:
    """Once more, and no more than that."""
    async with connected(in_turn(WRITTEN, hang_up)) as (connection, server):
        await ask(connection)
        with pytest.raises(ReplyLost):
            await ask(connection)

    assert len(server.requests) == 3


BAD = {
    "no HTTP": raw(b"\x16\x03\x01 what?"),
    "two lengths": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
    "huge headers": raw(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: x\r\n" * 200_000),
    "a huge body": raw(b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 2_000_000),
}


@pytest.mark.parametrize("step", BAD.values(), ids=BAD)
async def test_what_is_no_reply_ends_the_connection(step: Step) -> None:
    """It is not asked for again, not even where it came over a kept connection, and the server is left at once."""
    bad, left = until_left(step)
    async with connected(in_turn(WRITTEN, bad)) as (connection, server):
        await ask(connection)
        with pytest.raises(BadReply):
            await ask(connection)
        await left.wait()

    assert len(server.requests) == 2


class _Writes(BaseHTTPRequestHandler):
    """Answers every PUT with 204 and keeps the connection."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_values: object) -> None:
        """Be quiet."""


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # in a loop that is closed nothing can be closed
def test_a_connection_outlives_its_event_loop() -> None:
    """A worker may change its loop: the stream of the closed one is forgotten, and the next request opens another."""
    with ThreadingHTTPServer((HOST, 0), _Writes) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        connections = [Connection(Origin(HOST, server.server_port, tls=False))]
        for _ in range(3):
            assert asyncio.run(ask(connections[0])).status == 204
        connections[0].close()
        server.shutdown()
    connections.clear()
    gc.collect()


async def test_a_connection_without_a_request_may_be_cut_off() -> None:
    """Before its first request, and after it was closed: there is nothing to end, and the next request is sent."""
    async with connected(in_turn(WRITTEN)) as (connection, server):
        connection.cut_off()
        assert (await ask(connection)).status == 204
        connection.close()
        connection.cut_off()
        assert (await ask(connection)).status == 204

    assert (len(server.requests), server.opened) == (2, 2)


def test_importing_it_is_cheap() -> None:
    """A cold start waits for no client library."""
    heavy = ("aiohttp", "azure", "requests", "urllib", "http.client")
    code = f"import sys, shared.storage.pool; print([name for name in {heavy} if name in sys.modules])"
    command = [sys.executable, "-c", code]
    # Coverage, which measures subprocesses too, imports much.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    ran = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, timeout=60, check=True)

    assert ran.stdout.strip() == "[]"
