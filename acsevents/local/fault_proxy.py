"""A proxy in front of a Table endpoint that fails as networks and busy services do, by a seed.

`python -m acsevents.local.fault_proxy --upstream-port N --port 0 --seed 1 --busy 0.1` prints
`listening on 127.0.0.1:PORT` and runs until SIGTERM or until the process that started it is gone.
A SharedKey signature covers the path and not the host: requests pass unchanged.
"""

import argparse
import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import fields
from typing import Self

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from acsevents.local.faults import Faults, busy, throttled
from acsevents.local.lifetime import Lifetime

HOST = "127.0.0.1"
_END_OF_HEAD = b"\r\n\r\n"
_HEAD_LIMIT = 1024 * 1024  # bytes
_DRIPS = 500  # writes: longer answers drip in larger drops, so that the time is bounded
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing sends RST and not FIN


class FaultProxy:
    """A TCP proxy on 127.0.0.1 that reads HTTP just enough to fail per request; what it passes is byte-exact.

    `async with FaultProxy.start(upstream_port=10002, seed=1) as proxy:` starts and stops it.

    Attributes:
        port: where it listens.
        faults: may be replaced at any time and then holds for the requests that begin from then on.
        counts: requests by fault, and those `passed`.
    """

    def __init__(self, upstream_port: int, *, seed: int, port: int, faults: Faults) -> None:
        self.upstream_port = upstream_port
        self.port = port
        self.faults = faults
        self.counts: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, *, upstream_port: int, seed: int, port: int = 0, faults: Faults | None = None
    ) -> AsyncIterator[Self]:
        """Listen for the length of an `async with` block; port 0 takes a free one."""
        proxy = cls(upstream_port, seed=seed, port=port, faults=faults or Faults())
        await proxy.up()
        try:
            yield proxy
        finally:
            await proxy.down()

    @property
    def connection_string(self) -> str:
        """What the `EventTables` setting takes: Azurite's account, through the proxy."""
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"TableEndpoint=http://{HOST}:{self.port}/{ACCOUNT};"
        )

    async def up(self) -> None:
        """Listen again, on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self.port, limit=_HEAD_LIMIT)
            self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Close the listening socket, so that connects are refused, and cut every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task, connection in self._connections.items():
            connection.abort()
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def draw(self) -> tuple[str, float]:
        """Decide what happens to the request that begins now; the number is for faults that have variants.

        Both numbers are drawn whatever happens, so that changing `faults` does not shift the sequence.
        """
        number, variant = self._random.random(), self._random.random()
        return self.faults.choose(number), variant

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # accepted just before the listening socket was closed
            writer.transport.abort()
            return
        connection = _Connection(self, reader, writer)
        task = asyncio.get_running_loop().create_task(connection.run())
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)


class _Connection:
    """One client's keep-alive connection, and ours to the endpoint on its behalf."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self) -> None:
        """Answer requests until either side hangs up: the other then sees the same."""
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
                # The first request begins with its connection, every other one with its first byte.
                start, fate = b"", self._proxy.draw()
                while await self._answer(start, *fate):
                    start, fate = await self._reader.readexactly(1), self._proxy.draw()
        finally:
            writers = self._writers()
            for writer in writers:
                writer.close()
            for writer in writers:
                await _closed(writer)

    def abort(self) -> None:
        """Drop what is not sent yet: a side that does not read must not delay the end."""
        for writer in self._writers():
            writer.transport.abort()

    def _writers(self) -> list[asyncio.StreamWriter]:
        return [self._writer, self._upstream[1]] if self._upstream else [self._writer]

    async def _answer(self, start: bytes, fault: str, variant: float) -> bool:
        """Answer the request that begins with `start`; False ends the connection."""
        head = b"" if fault == "refuse" else start + await self._reader.readuntil(_END_OF_HEAD)
        self._proxy.counts[fault] += 1
        if fault == "refuse":
            return False
        if fault == "reset":
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._writer.transport.abort()
            return False
        if fault == "hang":
            await self._outwait()
            return False
        answer = await self._answer_to(head + await _read_body(self._reader, head), fault, variant)
        pieces = _drops(answer) if fault == "drip" else [answer]
        for piece in pieces:
            self._writer.write(piece)
            await self._writer.drain()
            if fault == "drip":
                await asyncio.sleep(self._proxy.faults.drip_seconds / len(pieces))
        return bool(answer) and not (_is_last(head) or _is_last(answer))

    async def _outwait(self) -> None:
        """Swallow what the client sends until it gives up."""
        while await self._reader.read(_HEAD_LIMIT):
            pass

    async def _answer_to(self, request: bytes, fault: str, variant: float) -> bytes:
        """Return the answer to send; none when the connection is to be cut instead."""
        if fault == "busy":
            return busy()
        if fault == "throttle":
            return throttled(self._proxy.faults.retry_after)
        answer = await self._forward(request)
        if fault == "lost_reply":
            return b"" if variant < 1 / 2 else busy()
        return answer

    async def _forward(self, request: bytes) -> bytes:
        """Send a request to the endpoint and return its answer, whole."""
        # Endpoints close idle connections, Azurite after 5 s; the client's own stays good.
        if self._upstream is None or self._upstream[0].at_eof():
            if self._upstream:
                self._upstream[1].close()
                await _closed(self._upstream[1])
            self._upstream = await asyncio.open_connection(HOST, self._proxy.upstream_port, limit=_HEAD_LIMIT)
        reader, writer = self._upstream
        writer.write(request)
        await writer.drain()
        head = await reader.readuntil(_END_OF_HEAD)
        if request.startswith(b"HEAD ") or head.split(b" ", 2)[1][:3] in (b"204", b"304"):
            return head
        return head + await _read_body(reader, head, until_end=True)


async def _read_body(reader: asyncio.StreamReader, head: bytes, *, until_end: bool = False) -> bytes:
    """Read the body that the head announces; unannounced, it is empty or lasts until the end of the stream."""
    lower = head.lower()
    if b"\r\ntransfer-encoding: chunked" in lower:
        return await _read_chunks(reader)
    _, announced, rest = lower.partition(b"\r\ncontent-length:")
    if announced:
        return await reader.readexactly(int(rest.partition(b"\r")[0]))
    return await reader.read() if until_end else b""


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    """Read a chunked body as it is, sizes and trailers included."""
    body = bytearray()
    size = 1
    while size:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        body += line
        if size:
            body += await reader.readexactly(size + len(b"\r\n"))
    while line != b"\r\n":
        line = await reader.readuntil(b"\r\n")
        body += line
    return bytes(body)


def _is_last(message: bytes) -> bool:
    """Tell whether a request or an answer announces the end of its connection."""
    return b"\r\nconnection: close" in message.partition(_END_OF_HEAD)[0].lower()


def _drops(answer: bytes) -> list[bytes]:
    size = -(-len(answer) // _DRIPS)
    return [answer[start : start + size] for start in range(0, len(answer), size)]


async def _closed(writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def _serve(options: argparse.Namespace) -> None:
    lifetime = Lifetime()
    faults = Faults(**{field.name: getattr(options, field.name) for field in fields(Faults)})
    async with FaultProxy.start(
        upstream_port=options.upstream_port, seed=options.seed, port=options.port, faults=faults
    ) as proxy:
        print(f"listening on {HOST}:{proxy.port}", flush=True)
        await lifetime.end()


def main() -> None:
    """Run the proxy."""
    parser = argparse.ArgumentParser(description="A proxy in front of a Table endpoint that fails by a seed.")
    parser.add_argument("--upstream-port", type=int, required=True, help="the endpoint's, on 127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--seed", type=int, default=0)
    for field in fields(Faults):
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=type(field.default), default=field.default, metavar="X")
    asyncio.run(_serve(parser.parse_args()))


if __name__ == "__main__":
    main()
