"""How long a request may take, and how fast its body goes out: a real server that hangs, drips and does not read."""

import asyncio
import gc
import socket
import weakref

import pytest

from acsevents.local.ports import free_port
from shared.storage import stream as module
from shared.storage.http import Connection, Origin
from shared.storage.stream import Stream
from tests.storage.connected import LARGE, WRITTEN, ask, connected, until, until_left
from tests.storage.misbehaving import (
    HOST,
    DeafServer,
    Step,
    answer,
    drip,
    hang,
    in_turn,
)

HUGE = LARGE * 6  # more than a system keeps for a reader that does not read


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
