"""A proxy for a table endpoint that injects the faults of networks and busy services, chosen by a seed.

A SharedKey signature covers the path but not the host, so requests can be forwarded unchanged.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections import Counter
from collections.abc import AsyncIterator
from typing import Self

import h11

from acsevents.local.azurite import connection_string
from acsevents.local.faults import Faults, busy, throttled
from acsevents.local.http_message import READ_BYTES, Message, read_message, write_message

HOST = "127.0.0.1"
_DRIPS = 500  # writes per response, so that its time is bounded
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER with a time-out of 0: closing sends RST instead of FIN


class FaultProxy:
    """A proxy on 127.0.0.1 that makes some requests fail and forwards all others.

    `async with FaultProxy.start(upstream_port=10002, seed=1) as proxy:` starts and stops it.

    Attributes:
        port: the port that it listens on.
        faults: the probabilities of faults; may be replaced at any time, and applies to requests from then on.
        counts: number of requests by fault, and of those that `passed`.
    """

    def __init__(self, upstream_port: int, seed: int, faults: Faults) -> None:
        self.upstream_port = upstream_port
        self.port = 0
        self.faults = faults
        self.counts: Counter[str] = Counter()
        self._random = random.Random(seed)
        self._server: asyncio.Server | None = None
        self._connections: dict[asyncio.Task[None], _Connection] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, *, upstream_port: int, seed: int, faults: Faults | None = None) -> AsyncIterator[Self]:
        """Listen on a free port during an `async with` block."""
        proxy = cls(upstream_port, seed, faults or Faults())
        await proxy.up()
        try:
            yield proxy
        finally:
            await proxy.down()

    @property
    def connection_string(self) -> str:
        """The connection string of Azurite's account through the proxy, a value for the setting `EventTables`."""
        return connection_string(self.port)

    async def up(self) -> None:
        """Listen again, on the same port."""
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Close the listening socket, so that new connections are refused, and abort all connections."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for task, connection in self._connections.items():
            connection.abort()
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    def draw(self) -> tuple[str, float]:
        """Choose the fault for the next request, and a random number for faults that have variants.

        Both numbers are always drawn, so that a change of `faults` does not shift the random sequence.
        """
        number, variant = self._random.random(), self._random.random()
        fault = self.faults.choose(number)
        self.counts[fault] += 1
        return fault, variant

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._server is None:  # accepted just before the listening socket was closed
            writer.transport.abort()
            return
        connection = _Connection(self, reader, writer)
        task = asyncio.get_running_loop().create_task(connection.run())
        self._connections[task] = connection
        task.add_done_callback(self._connections.pop)


class _Connection:
    """A client's keep-alive connection, and the connection to the endpoint on its behalf."""

    def __init__(self, proxy: FaultProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)
        self._upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def run(self) -> None:
        """Answer requests until either side closes its connection; then close the other."""
        try:
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError):
                while await self._begins() and await self._answer(*self._proxy.draw()):
                    self._http.start_next_cycle()
        finally:
            self._writer.close()
            self._hang_up_on_upstream()

    def abort(self) -> None:
        """Close both connections at once and drop buffered data, since a peer that does not read would delay it."""
        self._writer.transport.abort()
        self._hang_up_on_upstream()

    async def _begins(self) -> bool:
        """Return whether a request begins before the client closes the connection."""
        if not self._http.trailing_data[0]:
            self._http.receive_data(await self._reader.read(READ_BYTES))
        return bool(self._http.trailing_data[0])

    async def _answer(self, fault: str, variant: float) -> bool:
        """Answer one request; return whether the connection stays open."""
        if fault == "refuse":
            return False
        if fault == "reset":
            self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._writer.transport.abort()
            return False
        if fault == "hang":
            while await self._reader.read(READ_BYTES):  # until the client gives up
                pass
            return False
        answer = await self._answer_to(await read_message(self._http, self._reader), fault, variant)
        if answer is None:
            return False
        content = write_message(self._http, answer)
        size = -(-len(content) // _DRIPS) if fault == "drip" else len(content)
        for start in range(0, len(content), size):
            self._writer.write(content[start : start + size])
            await self._writer.drain()
            await asyncio.sleep(self._proxy.faults.drip_seconds / _DRIPS if fault == "drip" else 0)
        return self._http.our_state is self._http.their_state is h11.DONE

    async def _answer_to(self, request: Message, fault: str, variant: float) -> Message | None:
        """Return the response to send, or None to close the connection instead."""
        if fault == "busy":
            return busy()
        if fault == "throttle":
            return throttled()
        answer = await self._forward(request)
        if fault == "lost_reply":
            return None if variant < 1 / 2 else busy()
        return answer

    async def _forward(self, request: Message) -> Message:
        """Send a request to the endpoint and return its response."""
        # Endpoints close idle connections, Azurite after 5 s, while the client's connection stays open.
        if self._upstream is None or self._upstream[0].at_eof():
            self._hang_up_on_upstream()
            self._upstream = await asyncio.open_connection(HOST, self._proxy.upstream_port)
        reader, writer = self._upstream
        http = h11.Connection(h11.CLIENT)
        writer.write(write_message(http, request))
        await writer.drain()
        answer = await read_message(http, reader)
        if http.their_state is not h11.DONE:
            self._hang_up_on_upstream()
        return answer

    def _hang_up_on_upstream(self) -> None:
        if self._upstream is not None:
            self._upstream[1].transport.abort()
            self._upstream = None
