"""Requests over kept connections: a real server that closes, cuts, drips and lies, over TCP and TLS."""

import asyncio
import gc
import os
import socket
import ssl
import subprocess
import sys
import threading
import weakref
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme

from acsevents.local.ports import free_port
from shared.storage import stream as module
from shared.storage.http import Connection, Origin
from shared.storage.reply import BadReply, Reply
from shared.storage.stream import ReplyLost, Stream
from tests.storage.misbehaving import (
    HOST,
    DeafServer,
    MisbehavingServer,
    Request,
    Script,
    Step,
    answer,
    drip,
    hang,
    hang_up,
    in_turn,
    last,
    raw,
    reset,
)

PROJECT = Path(__file__).parents[2]
SECONDS = 20.0  # more than any of this takes on a busy machine
LARGE = bytes(range(256)) * 4 * 3072  # 3 MiB, no two slices of it alike at their ends
HUGE = LARGE * 6  # more than a system keeps for a reader that does not read
WRITTEN = answer(204)
SAYS = {
    "nothing": b"HTTP/1.1 204 No Content\r\nServer: s\r\n\r\n",
    "a body": b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello",
    "chunks": b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
}


@asynccontextmanager
async def connected(
    script: Script, tls: ssl.SSLContext | None = None, server: type[MisbehavingServer] = MisbehavingServer
) -> AsyncIterator[tuple[Connection, MisbehavingServer]]:
    """Start a server with a script and make a connection to it; nothing may go wrong where nobody looks."""
    unseen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unseen.append(context))
    async with server.start(script, tls) as running, asyncio.timeout(60):
        connection = Connection(Origin(HOST, running.port, tls=tls is not None))
        try:
            yield connection, running
        finally:
            connection.close()
    assert unseen == []


def until_left(step: Step) -> tuple[Step, asyncio.Event]:
    """Take a step, and tell when the client has left."""
    left = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await step(reader, writer)
            await reader.read()
        finally:
            left.set()

    return take, left


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes to pass in the loop, where nothing tells that it has."""
    while not condition():  # noqa: ASYNC110  this is the place where it is waited for
        await asyncio.sleep(0.001)


async def ask(connection: Connection, body: bytes = b"{}", seconds: float = SECONDS) -> Reply:
    """Send a request."""
    deadline = asyncio.get_running_loop().time() + seconds
    return await connection.send("PUT", "/a/T(x='1')?q=2", {"X-Header": "yes"}, body, deadline=deadline)


def _bodies(requests: Iterable[Request]) -> list[bytes]:
    return [request.body for request in requests]


@pytest.mark.parametrize("body", [b"", b"{}", LARGE], ids=["none", "small", "large"])
async def test_a_request_arrives_as_it_was_given(body: bytes) -> None:
    """Method, target, headers and body, with the host and the length beside them."""
    async with connected(in_turn(WRITTEN)) as (connection, server):
        await ask(connection, body)

    expected = {"host": f"{HOST}:{server.port}", "x-header": "yes", "content-length": str(len(body))}
    assert server.requests == [Request("PUT", "/a/T(x='1')?q=2", expected, body)]


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        (Origin("contoso.table.core.windows.net", None, tls=True), "contoso.table.core.windows.net"),
        (Origin("localhost", 10002, tls=False), "localhost:10002"),
        (Origin("::1", 10002, tls=False), "[::1]:10002"),
    ],
)
def test_the_host_is_named_as_in_an_url(origin: Origin, authority: str) -> None:
    """With the port that the URL has; an IPv6 address in brackets."""
    assert origin.authority == authority


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

    assert _bodies(server.requests) == [b"{}", LARGE, LARGE]


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


@pytest.mark.parametrize("step", [hang, drip])
@pytest.mark.parametrize("kept", [False, True], ids=["fresh", "kept"])
async def test_a_server_that_does_not_answer_in_time_is_left(step: Step, *, kept: bool) -> None:
    """At the deadline, and the request is not sent again; the next one finds the server well."""
    steps = [WRITTEN] * kept + [step, answer(200, b"well")]
    async with connected(in_turn(*steps)) as (connection, server):
        if kept:
            await ask(connection)
        with pytest.raises(TimeoutError):
            await ask(connection, seconds=0.05)
        assert (await ask(connection)).body == b"well"

    assert (len(server.requests), server.opened) == (len(steps), 2)


async def test_each_request_has_the_deadline_that_it_came_with() -> None:
    """A long one does not lengthen the short one after it, nor a short one shorten the long one after that."""
    async with connected(in_turn(WRITTEN, hang, WRITTEN, slowly)) as (connection, _):
        await ask(connection)
        with pytest.raises(TimeoutError):
            await ask(connection, seconds=0.05)
        await ask(connection, seconds=15)
        assert (await ask(connection)).status == 204


async def test_a_connection_that_cannot_be_opened_in_time_is_given_up() -> None:
    """A full backlog hangs before anything is sent."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        with socket.create_connection((HOST, port)), pytest.raises(TimeoutError):
            await asyncio.gather(*[ask(Connection(Origin(HOST, port, tls=False)), seconds=0.1) for _ in range(4)])


async def test_nobody_listens() -> None:
    """The system's own error says so."""
    with pytest.raises(ConnectionRefusedError):
        await ask(Connection(Origin(HOST, free_port(), tls=False)))


async def test_a_caller_who_stops_waiting_takes_the_connection_along() -> None:
    """The reply that comes later is nobody's: the next request has a connection, and a reply, of its own."""
    hanging, left = until_left(hang)
    async with connected(in_turn(hanging, answer(200, b"own"))) as (connection, server):
        waiting = asyncio.create_task(ask(connection))
        await server.hears(1)
        waiting.cancel()
        await asyncio.wait([waiting])
        await left.wait()
        assert (await ask(connection)).body == b"own"

    assert server.opened == 2


async def slowly(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take a fifth of a second to answer."""
    await asyncio.sleep(0.2)
    await WRITTEN(reader, writer)


async def test_a_connection_that_nobody_uses_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a while without requests the server sees its end; a request under way may take longer than that."""
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.05)
    second, left = until_left(slowly)
    async with connected(in_turn(WRITTEN, second)) as (connection, server):
        await ask(connection)
        await ask(connection)
        await left.wait()
        assert not connection.is_open

    assert (len(server.requests), server.opened) == (2, 1)


async def test_a_connection_is_kept_beyond_the_deadline_of_its_last_request() -> None:
    """The deadline was for the reply, and that came."""
    async with connected(in_turn(WRITTEN)) as (connection, server):
        await ask(connection, seconds=0.1)
        await asyncio.sleep(0.15)
        await ask(connection)

    assert server.opened == 1


async def test_a_connection_that_is_closed_is_forgotten() -> None:
    """No timer and no parser holds on to it: bad weather, which closes many, takes no memory."""
    async with connected(in_turn(WRITTEN)) as (connection, _):
        await ask(connection)
        stream = weakref.ref(connection._stream)
        connection.close()
        await asyncio.sleep(0)
        gc.collect()

        assert stream() is None


def _noting_streams(monkeypatch: pytest.MonkeyPatch) -> list[Stream]:
    """Keep every stream that is opened from here on."""
    streams: list[Stream] = []
    made = Stream.connection_made

    def noted(stream: Stream, transport: asyncio.BaseTransport) -> None:
        streams.append(stream)
        made(stream, transport)

    monkeypatch.setattr(Stream, "connection_made", noted)
    return streams


async def test_a_large_body_is_sent_as_fast_as_the_server_reads(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the server reads nothing, little of the body waits in the transport; it arrives whole all the same."""
    gate = asyncio.Event()
    bodies: list[bytes] = []
    streams = _noting_streams(monkeypatch)

    async def reluctant(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await gate.wait()
        bodies.append(await reader.readexactly(len(HUGE)))
        await WRITTEN(reader, writer)

    async with connected(in_turn(reluctant), server=DeafServer) as (connection, _):
        asking = asyncio.create_task(ask(connection, HUGE))
        await until(lambda: bool(streams) and streams[0]._paused)
        waiting = streams[0]._transport.get_write_buffer_size()
        gate.set()
        assert (await asking).status == 204

    assert bodies == [HUGE]
    assert 0 < waiting <= 2 * 2**16


async def test_a_server_that_reads_nothing_is_left_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest of the body is not waited for, and the socket is closed, whether the server notices or not."""
    streams = _noting_streams(monkeypatch)

    async def deaf(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with connected(in_turn(deaf), server=DeafServer) as (connection, _):
        with pytest.raises(TimeoutError):
            await ask(connection, HUGE, seconds=0.05)
        await asyncio.sleep(0)

        assert streams[0]._transport.get_extra_info("socket").fileno() == -1


async def test_an_answer_before_the_body_is_read_counts() -> None:
    """A server that refuses by the headers alone is heard, and its connection closed."""

    async def refusing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await answer(413)(reader, writer)
        await asyncio.Event().wait()

    async with connected(in_turn(refusing), server=DeafServer) as (connection, _):
        assert (await ask(connection, HUGE)).status == 413
        assert not connection.is_open


@pytest.mark.parametrize("value", ["one\r\nX-Injected: two", "one\ntwo", "one\rtwo", "é"])
async def test_a_header_that_would_break_the_request_is_not_sent(value: str) -> None:
    """Line breaks and what is not ASCII are the caller's bug; the error does not quote the header."""
    async with connected(in_turn(WRITTEN)) as (connection, server):
        with pytest.raises(ValueError, match=r"line break|ascii") as raised:
            await connection.send("PUT", "/", {"X-Header": value}, b"", deadline=0)

    assert "one" not in str(raised.value)
    assert server.opened == 0


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


@pytest.mark.parametrize("body", [b"{}", LARGE], ids=["small", "large"])
async def test_over_tls_all_is_the_same(trusted: ssl.SSLContext, body: bytes) -> None:
    """Kept, lost on a kept connection, sent again whole."""
    async with connected(in_turn(WRITTEN, WRITTEN, hang_up, WRITTEN), trusted) as (connection, server):
        for _ in range(3):
            assert (await ask(connection, body)).status == 204

    assert _bodies(server.requests) == [body] * 4
    assert server.opened == 2


@pytest.mark.parametrize("says", [SAYS["a body"]])
async def test_over_tls_a_reply_that_is_cut_is_lost(trusted: ssl.SSLContext, says: bytes) -> None:
    """Half a reply is none."""
    cuts = range(0, len(says), 7)
    async with connected(in_turn(*[last(says[:cut]) for cut in cuts]), trusted) as (connection, _):
        for _cut in cuts:
            with pytest.raises(ReplyLost):
                await ask(connection)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tls: ssl.SSLContext) -> None:
    """Nothing is sent to a server that only claims to be the right one."""
    async with connected(in_turn(WRITTEN), tls) as (connection, server):
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(connection)

    assert server.requests == []


async def test_a_certificate_of_another_host_is_refused(trusted: ssl.SSLContext, authority: trustme.CA) -> None:
    """The authority is trusted, the name is not this machine's."""
    authority.issue_cert("elsewhere.example").configure_cert(trusted)
    async with connected(in_turn(WRITTEN), trusted) as (connection, server):
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(connection)

    assert server.requests == []


@pytest.mark.usefixtures("trusted")
async def test_a_server_without_tls_is_refused() -> None:
    """Whoever answers in the clear where TLS is wanted is heard no further."""
    async with DeafServer.start(in_turn(answer(204))) as server:
        with pytest.raises(ssl.SSLError):
            await ask(Connection(Origin(HOST, server.port, tls=True)))


@pytest.mark.usefixtures("trusted")
async def test_a_handshake_that_hangs_is_given_up_in_time() -> None:
    """The deadline counts for it too."""
    async with DeafServer.start(in_turn(hang)) as server:
        with pytest.raises(TimeoutError):
            await ask(Connection(Origin(HOST, server.port, tls=True)), seconds=0.1)


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
