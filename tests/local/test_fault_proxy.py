"""The fault proxy does to each request what its faults say, and nothing else."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from acsevents.local.fault_proxy import FaultProxy
from acsevents.local.faults import KINDS, Faults
from benchmarks.table_server import TableServer

GET = b"GET /devstoreaccount1/T(PartitionKey='p',RowKey='1') HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = (
    b"PUT /devstoreaccount1/T(PartitionKey='p',RowKey='2') HTTP/1.1\r\nHost: x\r\n"
    b"Content-Length: 12\r\n\r\n" + b'{"Column":1}'
)
ROW = {"PartitionKey": "p", "RowKey": "1", "Body": "x" * 2000}

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(name="endpoint", scope="module")
def _endpoint() -> Iterator[TableServer]:
    with TableServer.start(store=True) as server:
        yield server


@pytest.fixture(name="server")
def _server(endpoint: TableServer) -> TableServer:
    endpoint.load("T", [ROW])
    endpoint.reset()
    return endpoint


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[Streams]:
    """Open a plain TCP connection for the length of a block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ask(port: int, request: bytes) -> str:
    """Send one request and say how it ended: the status, `closed` or `reset`."""
    async with connect(port) as (reader, writer):
        writer.write(request)
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        except asyncio.IncompleteReadError:
            return "closed"
        except ConnectionResetError:
            return "reset"
        return head[9:12].decode()


async def until(happened: Callable[[], bool]) -> None:
    """Wait for something that is about to happen; give up after 10 s."""
    async with asyncio.timeout(10):
        while not happened():  # noqa: ASYNC110 - what happens is in the proxy and has no event
            await asyncio.sleep(0.01)


def table_client(proxy: FaultProxy) -> TableClient:
    """Return the SDK's client, without its retries."""
    return TableClient.from_connection_string(proxy.connection_string, "T", retry_total=0)


async def test_without_faults_the_sdk_notices_nothing(server: TableServer) -> None:
    """Rows, transactions and pages pass."""
    rows = [{"PartitionKey": "q", "RowKey": f"{i:03}", "Body": "é" * 500} for i in range(100)]
    async with FaultProxy.start(upstream_port=server.port, seed=1) as proxy, table_client(proxy) as table:
        await table.submit_transaction([("upsert", row) for row in rows])
        read = [row async for row in table.query_entities("PartitionKey eq 'q'")]

    assert rows == read
    assert proxy.counts == {"passed": 2}


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 204 No Content\r\nODD-header:  x \r\n\r\n",
        b"HTTP/1.1 200 Fine\r\ncontent-LENGTH: 5\r\n\r\n\x00\xff\r\n\r",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n\r\n\r\n\r\n3\r\nabc\r\n0\r\nA: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
)
async def test_without_faults_every_byte_passes_both_ways(answer: bytes) -> None:
    """Requests and answers arrive as they were sent, on a connection that is kept."""
    requests = [
        PUT,
        GET,
        b"POST /x HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\r\n\r\r\n0\r\na: b\r\n\r\n",
    ]
    arrived = bytearray()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for request in requests:
            arrived.extend(await reader.readexactly(len(request)))
            writer.write(answer)
        await reader.read()
        writer.close()

    async with (
        await asyncio.start_server(upstream, "127.0.0.1", 0) as listener,
        FaultProxy.start(upstream_port=listener.sockets[0].getsockname()[1], seed=1) as proxy,
        connect(proxy.port) as (reader, writer),
    ):
        writer.write(b"".join(requests))
        answers = await asyncio.wait_for(reader.readexactly(len(answer) * len(requests)), 10)

    assert b"".join(requests) == arrived
    assert answer * len(requests) == answers


async def test_an_answer_that_ends_with_its_connection_passes() -> None:
    """Where the endpoint closes, the proxy closes."""
    answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end"

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with (
        await asyncio.start_server(upstream, "127.0.0.1", 0) as listener,
        FaultProxy.start(upstream_port=listener.sockets[0].getsockname()[1], seed=1) as proxy,
        connect(proxy.port) as (reader, writer),
    ):
        writer.write(GET)

        assert answer == await asyncio.wait_for(reader.read(), 10)


async def test_an_idle_connection_that_the_endpoint_closed_is_no_fault() -> None:
    """A client's connection survives the endpoint's keep-alive time-out."""

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        writer.close()

    async with (
        await asyncio.start_server(upstream, "127.0.0.1", 0) as listener,
        FaultProxy.start(upstream_port=listener.sockets[0].getsockname()[1], seed=1) as proxy,
        connect(proxy.port) as (reader, writer),
    ):
        for _ in range(3):
            writer.write(GET)
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            assert answer.startswith(b"HTTP/1.1 204 ")
            await asyncio.sleep(0.05)


async def test_refuse_closes_at_once_without_reading(server: TableServer) -> None:
    """A refused client is hung up on before it says a word."""
    async with (
        FaultProxy.start(upstream_port=server.port, seed=1, faults=Faults(refuse=1)) as proxy,
        connect(proxy.port) as (reader, _),
    ):
        assert await asyncio.wait_for(reader.read(), 10) == b""

    assert proxy.counts == {"refuse": 1}
    assert server.stats().requests == 0


async def test_refuse_also_ends_a_kept_connection(server: TableServer) -> None:
    """A fault may strike the second request of a connection."""
    async with (
        FaultProxy.start(upstream_port=server.port, seed=1) as proxy,
        connect(proxy.port) as (reader, writer),
    ):
        writer.write(PUT)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).startswith(b"HTTP/1.1 204 ")
        proxy.faults = Faults(refuse=1)
        writer.write(PUT)
        with suppress(ConnectionResetError):  # what was not read when the connection closed
            assert await asyncio.wait_for(reader.read(), 10) == b""

    assert proxy.counts == {"passed": 1, "refuse": 1}
    assert server.stats().requests == 1


async def test_down_refuses_connects_and_cuts_connections_until_up(server: TableServer) -> None:
    """A proxy that is down looks like a server that is down; up again, it has the same port."""
    async with FaultProxy.start(upstream_port=server.port, seed=1) as proxy:
        port = proxy.port
        async with connect(port) as (reader, _):
            await proxy.down()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await asyncio.wait_for(reader.readexactly(1), 10)

        await proxy.up()

        assert port == proxy.port
        assert await ask(port, GET) == "200"


async def test_hang_never_answers_until_the_client_goes_away(server: TableServer) -> None:
    """A hanging request gets no answer, is not done, and is forgotten with its client."""
    before = len(asyncio.all_tasks())
    async with FaultProxy.start(upstream_port=server.port, seed=1, faults=Faults(hang=1)) as proxy:
        async with connect(proxy.port) as (reader, writer):
            writer.write(PUT)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.3)
        await until(lambda: len(asyncio.all_tasks()) == before)

    assert proxy.counts == {"hang": 1}
    assert server.stats().requests == 0


async def test_drip_answers_whole_but_in_small_pieces(server: TableServer) -> None:
    """A dripping answer is the endpoint's own, many writes long."""
    pieces: list[bytes] = []
    faults = Faults(drip=1, drip_seconds=0.3)
    async with (
        FaultProxy.start(upstream_port=server.port, seed=1, faults=faults) as proxy,
        connect(proxy.port) as (reader, writer),
    ):
        writer.write(GET)
        while not b"".join(pieces).endswith(b"}"):
            pieces.append(await asyncio.wait_for(reader.read(65536), 10))

    assert len(pieces) > 20
    assert b"x" * 2000 in b"".join(pieces)
    assert server.stats().operations["get"].rows == 1


async def test_reset_is_an_rst_and_the_request_is_not_done(server: TableServer) -> None:
    """A reset request fails as a crashed peer's does, and changes nothing."""
    async with FaultProxy.start(upstream_port=server.port, seed=1, faults=Faults(reset=1)) as proxy:
        assert await ask(proxy.port, PUT) == "reset"
        async with table_client(proxy) as table:
            with pytest.raises((ServiceRequestError, ServiceResponseError)):
                await table.upsert_entity(ROW)

    assert proxy.counts == {"reset": 2}
    assert server.stats().requests == 0


async def test_busy_is_the_services_503(server: TableServer) -> None:
    """The SDK reads ServerBusy; the connection stays good."""
    async with (
        FaultProxy.start(upstream_port=server.port, seed=1, faults=Faults(busy=1)) as proxy,
        table_client(proxy) as table,
    ):
        for write in (
            table.upsert_entity(ROW),
            table.submit_transaction([("upsert", ROW)]),
            table.get_entity("p", "1"),
        ):
            with pytest.raises(HttpResponseError) as caught:
                await write
            assert caught.value.status_code == 503
            assert "ServerBusy" in str(caught.value)
        assert server.stats().requests == 0

        proxy.faults = Faults()
        assert await table.get_entity("p", "1") == ROW


async def test_throttle_is_a_429_that_says_when_to_come_back(server: TableServer) -> None:
    """The Retry-After header carries the chosen seconds."""
    faults = Faults(throttle=1, retry_after=7)
    async with FaultProxy.start(upstream_port=server.port, seed=1, faults=faults) as proxy:
        async with table_client(proxy) as table:
            with pytest.raises(HttpResponseError, match="TooManyRequests") as caught:
                await table.upsert_entity(ROW, mode=UpdateMode.REPLACE)
        async with connect(proxy.port) as (reader, writer):
            writer.write(PUT)
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)

    assert caught.value.status_code == 429
    assert b"\r\nRetry-After: 7\r\n" in head
    assert server.stats().requests == 0


async def test_a_client_that_retries_gets_through(server: TableServer) -> None:
    """The SDK's own retries meet faults that they are made for."""
    faults = Faults(busy=0.1, throttle=0.1, reset=0.1, refuse=0.1, lost_reply=0.1, retry_after=0)
    patience = {"retry_total": 20, "retry_status": 20, "retry_read": 20, "retry_backoff_factor": 0}
    async with (
        FaultProxy.start(upstream_port=server.port, seed=3, faults=faults) as proxy,
        TableClient.from_connection_string(proxy.connection_string, "T", **patience) as table,
    ):
        for i in range(20):
            row = {"PartitionKey": "retried", "RowKey": f"{i:02}"}
            await table.upsert_entity(row, mode=UpdateMode.REPLACE)
        proxy.faults = Faults()
        rows = [row["RowKey"] async for row in table.query_entities("PartitionKey eq 'retried'")]

    assert [f"{i:02}" for i in range(20)] == rows
    assert proxy.counts["passed"] < proxy.counts.total()


async def test_lost_reply_is_lost_after_the_write_happened(server: TableServer) -> None:
    """Every such write is done once, and its client hears 503 or nothing."""
    async with FaultProxy.start(upstream_port=server.port, seed=1, faults=Faults(lost_reply=1)) as proxy:
        endings = {await ask(proxy.port, PUT) for _ in range(20)}

    assert {"503", "closed"} == endings
    assert proxy.counts == {"lost_reply": 20}
    assert server.stats().operations["replace"].rows == 20


async def test_the_same_seed_gives_the_same_faults(server: TableServer) -> None:
    """A sequential run is repeated exactly by its seed, and by no other."""

    async def run(seed: int) -> list[str]:
        faults = Faults(refuse=0.1, reset=0.1, busy=0.2, throttle=0.1, lost_reply=0.3)
        async with FaultProxy.start(upstream_port=server.port, seed=seed, faults=faults) as proxy:
            return [await ask(proxy.port, PUT) for _ in range(60)]

    first = await run(5)

    assert {"204", "503", "429", "closed", "reset"} == set(first)
    assert first == await run(5)
    assert first != await run(6)


async def test_changing_the_faults_does_not_shift_the_sequence(server: TableServer) -> None:
    """A pause without faults leaves the rest of a rehearsal as it was."""

    async def run(pause: int) -> list[str]:
        endings = []
        async with FaultProxy.start(upstream_port=server.port, seed=5) as proxy:
            for i in range(30):
                proxy.faults = Faults() if i < pause else Faults(busy=0.3, lost_reply=0.3)
                endings.append(await ask(proxy.port, PUT))
        return endings

    assert (await run(0))[10:] == (await run(10))[10:]


async def test_an_endpoint_that_is_gone_looks_closed() -> None:
    """Without an endpoint the proxy hangs up: it makes up no answers."""
    async with (
        await asyncio.start_server(lambda _reader, _writer: None, "127.0.0.1", 0) as listener,
    ):
        port = listener.sockets[0].getsockname()[1]
    async with FaultProxy.start(upstream_port=port, seed=1) as proxy:
        assert await ask(proxy.port, GET) == "closed"


async def test_closing_leaves_no_task_and_no_connection(server: TableServer) -> None:
    """Whatever requests were doing, all ends with the proxy."""
    before = asyncio.all_tasks()
    async with FaultProxy.start(upstream_port=server.port, seed=1) as proxy:
        clients = []
        for kind in ("hang", "drip", "busy"):
            proxy.faults = Faults(**{kind: 1}, drip_seconds=600)
            reader, writer = await asyncio.open_connection("127.0.0.1", proxy.port)
            writer.write(GET)
            clients.append((reader, writer))
            await until(lambda kind=kind: proxy.counts[kind] == 1)  # type: ignore[misc] # mypy infers no default
    assert before == asyncio.all_tasks()

    for reader, writer in clients:
        try:
            await asyncio.wait_for(reader.read(), 10)
        except ConnectionResetError:
            continue
        finally:
            writer.transport.abort()


async def test_a_client_that_does_not_read_does_not_delay_the_end() -> None:
    """Closing waits for nobody."""

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n" + bytes(50_000_000))
        await reader.read()
        writer.close()

    async with await asyncio.start_server(upstream, "127.0.0.1", 0) as listener:
        port = listener.sockets[0].getsockname()[1]
        async with FaultProxy.start(upstream_port=port, seed=1) as proxy, connect(proxy.port) as (_, writer):
            writer.write(GET)
            await until(lambda: proxy.counts["passed"] == 1)
            await asyncio.sleep(0.2)
            await asyncio.wait_for(proxy.down(), 10)


@pytest.mark.parametrize("faults", [{"busy": -0.1}, {"busy": 0.6, "reset": 0.5}, {"hang": 2}])
def test_impossible_probabilities_are_refused(faults: dict[str, float]) -> None:
    """A mistyped probability is an error and no silent certainty."""
    with pytest.raises(ValueError, match="at most 1 in sum"):
        Faults(**faults)  # type: ignore[arg-type] # retry_after, an int, is not among them


def test_every_kind_of_fault_has_a_probability() -> None:
    """A certain fault is always chosen, and no fault never."""
    for number in (0.0, 0.5, 0.999999):
        assert Faults().choose(number) == "passed"
        for kind in KINDS:
            assert kind == Faults(**{kind: 1}).choose(number)


async def test_the_proxy_runs_as_a_process(server: TableServer) -> None:
    """The command line takes every fault, says where it listens, and ends on SIGTERM."""
    options = ["--upstream-port", str(server.port), "--seed", "1", "--lost-reply", "0", "--busy", "1"]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "acsevents.local.fault_proxy", *options),
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = await asyncio.wait_for(process.stdout.readline(), 30)
    assert line.startswith(b"listening on 127.0.0.1:")

    assert await ask(int(line.rpartition(b":")[2]), GET) == "503"

    process.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(process.wait(), 10) == 0
