"""The fault proxy does to each request what its faults say, and nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import h11
import pytest
from azure.core.exceptions import HttpResponseError
from azure.data.tables.aio import TableClient, TableServiceClient

from acsevents.local.azurite import Azurite
from acsevents.local.fault_proxy import FaultProxy
from acsevents.local.faults import Faults
from acsevents.local.http_message import Message, read_message, write_message
from tests.requests import requests

GET = b"GET /devstoreaccount1/T(PartitionKey='p',RowKey='1') HTTP/1.1\r\nHost: x\r\n\r\n"
PUT = (
    b"PUT /devstoreaccount1/T(PartitionKey='p',RowKey='2') HTTP/1.1\r\nHost: x\r\n"
    b"Content-Length: 12\r\n\r\n" + b'{"Column":1}'
)
CHUNKED = b"POST /x HTTP/1.1\r\nHost: x\r\ntransfer-encoding: chunked\r\n\r\n3\r\n\r\n\r\r\n0\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000


class Endpoint:
    """The endpoint behind the proxy: records requests and answers each with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self.answer = answer
        self.requests: list[Message] = []
        self.hangs_up = False
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection."""
        with suppress(ConnectionError):
            async for request in requests(reader):
                self.requests.append(request)
                writer.write(self.answer)
                if self.hangs_up:
                    break
        writer.close()


@asynccontextmanager
async def behind(faults: Faults, answer: bytes = OK, seed: int = 1) -> AsyncIterator[tuple[FaultProxy, Endpoint]]:
    """Run an endpoint with a proxy in front of it."""
    endpoint = Endpoint(answer)
    async with await asyncio.start_server(endpoint.serve, "127.0.0.1", 0) as listener:
        endpoint.port = listener.sockets[0].getsockname()[1]
        async with FaultProxy.start(upstream_port=endpoint.port, seed=seed, faults=faults) as proxy:
            yield proxy, endpoint


@asynccontextmanager
async def connect(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a plain TCP connection during a block."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def ask(port: int, request: bytes = PUT) -> str:
    """Send one request and return how it ended: the status, `closed` or `reset`."""
    async with connect(port) as (reader, writer):
        writer.write(request)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return "closed"
        except ConnectionResetError:
            return "reset"
        return head[9:12].decode()


async def until(happened: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    while not happened():  # noqa: ASYNC110 - what happens is in the proxy and has no event
        await asyncio.sleep(0.01)


async def test_without_faults_the_sdk_notices_nothing(azurite: Azurite) -> None:
    """Rows, transactions and pages pass between the SDK and Azurite."""
    rows = [{"PartitionKey": "q", "RowKey": f"{i:03}", "Body": "é" * 500} for i in range(100)]
    async with (
        FaultProxy.start(upstream_port=azurite.port, seed=1) as proxy,
        TableServiceClient.from_connection_string(proxy.connection_string) as service,
    ):
        table = await service.create_table_if_not_exists("ThroughTheProxy")
        await table.submit_transaction([("upsert", row) for row in rows])
        read = [row async for row in table.query_entities("PartitionKey eq 'q'")]
        await service.delete_table("ThroughTheProxy")

    assert rows == read
    assert set(proxy.counts) == {"passed"}


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"HTTP/1.1 204 No Content\r\nODD-header: x\r\n\r\n", b""),
        (b"HTTP/1.1 200 Fine\r\ncontent-LENGTH: 5\r\nODD-header: x\r\n\r\n\x00\xff\r\n\r", b"\x00\xff\r\n\r"),
        (
            b"HTTP/1.1 200 OK\r\nODD-header: x\r\nTransfer-Encoding: chunked\r\n\r\n4;x=y\r\n\r\n\r\n\r\n0\r\n\r\n",
            b"\r\n\r\n",
        ),
    ],
)
async def test_without_faults_everything_passes_both_ways(answer: bytes, body: bytes) -> None:
    """Method, target, headers, status and bodies are forwarded unchanged, on a kept connection."""
    sent = [PUT, GET, CHUNKED]
    async with behind(Faults(), answer) as (proxy, endpoint), connect(proxy.port) as (reader, writer):
        writer.write(b"".join(sent))
        http = h11.Connection(h11.CLIENT)
        for request in sent:
            write_message(http, Message(h11.Request(method="GET", target="/", headers=[("Host", "x")]), b""))
            got = await read_message(http, reader)
            assert (b"ODD-header", b"x") in got.head.headers.raw_items()
            assert got.body == body, request
            http.start_next_cycle()

    targets = [message.head.target for message in endpoint.requests if isinstance(message.head, h11.Request)]
    assert targets == [request.split(b" ")[1] for request in sent]
    assert [message.body for message in endpoint.requests] == [b'{"Column":1}', b"", b"\r\n\r"]


async def test_an_idle_connection_that_the_endpoint_closed_is_no_fault() -> None:
    """A client's connection survives the endpoint's keep-alive time-out."""
    async with behind(Faults(), b"HTTP/1.1 204 No Content\r\n\r\n") as (proxy, endpoint):
        endpoint.hangs_up = True
        async with connect(proxy.port) as (reader, writer):
            for _ in range(3):
                writer.write(GET)
                answer = await reader.readuntil(b"\r\n\r\n")
                assert answer.startswith(b"HTTP/1.1 204 ")
                await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("fault", "endings", "done"),
    [
        ("refuse", {"closed"}, 0),
        ("reset", {"reset"}, 0),
        ("busy", {"503"}, 0),
        ("throttle", {"429"}, 0),
        ("lost_reply", {"503", "closed"}, 20),
        ("drip", {"200"}, 20),
    ],
)
async def test_each_fault_does_what_its_name_says(fault: str, endings: set[str], done: int) -> None:
    """Of all faulty requests, only those with a lost or a dripping reply are carried out."""
    async with behind(Faults(**{fault: 1}, drip_seconds=0.01)) as (proxy, endpoint):
        assert {await ask(proxy.port) for _ in range(20)} == endings
        assert proxy.counts == {fault: 20}

    assert len(endpoint.requests) == done


async def test_a_fault_may_strike_the_second_request_of_a_connection() -> None:
    """Faults are drawn per request, not per connection."""
    async with behind(Faults()) as (proxy, endpoint), connect(proxy.port) as (reader, writer):
        writer.write(PUT)
        assert (await reader.readexactly(len(OK))).startswith(b"HTTP/1.1 200 ")
        proxy.faults = Faults(refuse=1)
        writer.write(PUT)
        with suppress(ConnectionResetError):  # what was not read when the connection closed
            assert await reader.read() == b""

    assert proxy.counts == {"passed": 1, "refuse": 1}
    assert len(endpoint.requests) == 1


async def test_down_refuses_connects_and_cuts_connections_until_up() -> None:
    """A proxy that is down looks like a server that is down; it comes back on the same port."""
    async with behind(Faults()) as (proxy, _endpoint):
        port = proxy.port
        async with connect(port) as (reader, _):
            await proxy.down()
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", port)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await reader.readexactly(1)

        await proxy.up()

        assert port == proxy.port
        assert await ask(port, GET) == "200"


async def test_hang_never_answers_until_the_client_goes_away() -> None:
    """A hanging request is neither carried out nor answered, and ends with its client."""
    async with behind(Faults(hang=1)) as (proxy, endpoint):
        before = len(asyncio.all_tasks())
        async with connect(proxy.port) as (reader, writer):
            writer.write(PUT)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(reader.read(1), 0.3)
        await until(lambda: len(asyncio.all_tasks()) == before)

    assert endpoint.requests == []


async def test_drip_answers_whole_but_in_small_pieces() -> None:
    """A dripping response is the endpoint's own, in many writes."""
    pieces: list[bytes] = []
    async with behind(Faults(drip=1, drip_seconds=0.3)) as (proxy, _), connect(proxy.port) as (reader, writer):
        writer.write(GET)
        while len(b"".join(pieces)) < len(OK):
            pieces.append(await reader.read(65536))

    assert len(pieces) > 20
    assert b"".join(pieces).endswith(b"x" * 2000)


@pytest.mark.parametrize(("fault", "status"), [("busy", 503), ("throttle", 429)])
async def test_the_sdk_reads_the_services_errors(fault: str, status: int) -> None:
    """The response has the service's error document."""
    async with (
        behind(Faults(**{fault: 1})) as (proxy, _endpoint),
        TableClient.from_connection_string(proxy.connection_string, "T", retry_total=0) as table,
    ):
        with pytest.raises(HttpResponseError, match="ServerBusy" if fault == "busy" else "TooManyRequests") as caught:
            await table.upsert_entity({"PartitionKey": "p", "RowKey": "1"})

    assert caught.value.status_code == status


async def test_a_seed_repeats_its_faults_and_changing_them_does_not_shift_the_sequence() -> None:
    """A seed gives the same faults in a sequential run; a pause without faults does not shift the later ones."""

    async def run(seed: int, pause: int = 0) -> list[str]:
        async with behind(Faults(), seed=seed) as (proxy, _endpoint):
            endings = []
            for number in range(60):
                busy = Faults(reset=0.1, busy=0.2, throttle=0.1, lost_reply=0.3)
                proxy.faults = Faults() if number < pause else busy
                endings.append(await ask(proxy.port))
            return endings

    first = await run(5)

    assert {"200", "503", "429", "closed", "reset"} == set(first)
    assert first == await run(5)
    assert first != await run(6)
    assert first[10:] == (await run(5, pause=10))[10:]


async def test_closing_leaves_no_task_and_no_connection() -> None:
    """Whatever requests are doing, and even if a client does not read, all connections end with the proxy."""
    huge = b"HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n" + bytes(50_000_000)
    async with behind(Faults(), huge) as (proxy, endpoint):
        before = asyncio.all_tasks()
        clients = []
        for kind in ("hang", "drip", "passed"):
            proxy.faults = Faults(**{kind: 1}, drip_seconds=600) if kind != "passed" else Faults()
            clients.append(await asyncio.open_connection("127.0.0.1", proxy.port))
            clients[-1][1].write(GET)
            await until(lambda kind=kind: proxy.counts[kind] == 1)  # type: ignore[misc] # mypy infers no default
        await until(lambda: len(endpoint.requests) == 2)
        await proxy.down()
        for _reader, writer in clients:
            writer.transport.abort()
        await until(lambda: asyncio.all_tasks() <= before)
