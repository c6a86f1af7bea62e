"""The stand-in Table endpoint as a process: pipelined requests, nonsense, and its end."""

import asyncio
import contextlib
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from azure.data.tables import (
    TableServiceClient,
)

from benchmarks.table_server import TableServer

ROOT = Path(__file__).parents[2]


def test_without_a_store_writes_are_counted_and_dropped() -> None:
    """The default keeps nothing, so that its memory stays flat."""
    with (
        TableServer.start() as server,
        TableServiceClient.from_connection_string(server.connection_string) as service,
    ):
        table = service.create_table("Dropped")
        table.upsert_entity({"PartitionKey": "p", "RowKey": "r"})
        table.submit_transaction([("upsert", {"PartitionKey": "p", "RowKey": str(i)}) for i in range(9)])

        assert server.stats().rows == 10
        assert list(table.query_entities("PartitionKey eq 'p'")) == []


@pytest.mark.parametrize("latency", [0, 0.001])
def test_pipelined_requests_are_answered_in_order_however_they_arrive(latency: float) -> None:
    """Requests in one packet, split anywhere, or with chunked bodies are all understood."""
    get = b"GET /devstoreaccount1/T(PartitionKey='p',RowKey='%d') HTTP/1.1\r\nHost: x\r\n\r\n"
    put = b"PUT /devstoreaccount1/T(PartitionKey='p',RowKey='%d') HTTP/1.1\r\n%s"
    plain = put % (1, b'Content-Length: 7\r\n\r\n{"a":1}')
    chunked = put % (2, b'Transfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4;x=y\r\n":1}\r\n0\r\n\r\n')
    with TableServer.start(latency=latency, store=True) as server:
        server.load("T", [])
        server.load("T", [{"PartitionKey": "q", "RowKey": "0"}])
        for step in (10_000, 1, 7):
            sent = plain + chunked + get % 1 + get % 9 + get % 2
            with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
                for start in range(0, len(sent), step):
                    client.sendall(sent[start : start + step])
                answers = _read_answers(client, 5)
            assert [answer[9:12] for answer in answers] == [b"204", b"204", b"200", b"404", b"200"]
            assert b'"RowKey":"2"' in answers[4]


def _read_answers(client: socket.socket, number: int) -> list[bytes]:
    received = b""
    while received.count(b"HTTP/1.1 ") < number or not received.endswith((b"}", b"\r\n\r\n")):
        data = client.recv(65536)
        assert data, received
        received += data
    return [b"HTTP/1.1 " + answer for answer in received.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("nonsense", [b"hello\r\n\r\n", b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n"])
def test_what_is_not_http_is_refused_and_hung_up_on(server: TableServer, nonsense: bytes) -> None:
    """A broken client hears so at once."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as client:
        client.sendall(nonsense)

        assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
        assert client.recv(1) == b""


def test_the_server_is_gone_after_its_block() -> None:
    """Nothing listens on when the block is left, not even after an error in it."""
    with pytest.raises(ZeroDivisionError), TableServer.start() as server:
        _ = 1 / 0

    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", server.port), timeout=10)


def test_the_server_outlives_no_parent() -> None:
    """A benchmark that is killed leaves no server behind."""
    start = "from benchmarks.table_server import TableServer"
    code = f"{start}\nwith TableServer.start() as server: print(server.port, flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        parent.kill()

    assert _is_closed_within_10_seconds(port)


async def test_sigterm_ends_the_server_in_order() -> None:
    """A server started by hand ends with code 0 when asked to."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.table_server", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert (await process.stdout.readline()).startswith(b"listening on 127.0.0.1:")
    process.send_signal(signal.SIGTERM)

    assert await process.wait() == 0


def _is_closed_within_10_seconds(port: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(ConnectionResetError):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except ConnectionRefusedError:
                return True
        time.sleep(0.05)
    return False
