"""A small client of HTTP/1.1 for one server, over connections that are kept alive.

It does what the two writes of the hot path need and no more (docs/decisions/0004-own-transport.md): no redirects, no
cookies, no compression. Every request has a deadline, and every doubt closes its connection.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Final, cast

from shared.storage.reply import BadReply, Reply, ReplyReader

IDLE_SECONDS: Final = 60.0  # Azure's gateways forget a connection after four minutes, and tell nobody
_SLICE: Final = 2**16  # larger bodies are handed over piece by piece, as fast as the server takes them


class ReplyLost(ConnectionError):  # noqa: N818  an outcome: the request may have been obeyed
    """The connection ended before the reply was complete."""


class Origin:
    """The server that requests go to; over TLS it must show a certificate that the system trusts."""

    def __init__(self, host: str, port: int | None, *, tls: bool) -> None:
        self._host = host
        self._port = port or (443 if tls else 80)
        self._tls = tls
        name = f"[{host}]" if ":" in host else host
        self.authority = name if port is None else f"{name}:{port}"

    async def connect(self) -> "Stream":
        """Open a stream; raises OSError."""
        trust = self._trust if self._tls else None
        _, stream = await asyncio.get_running_loop().create_connection(Stream, self._host, self._port, ssl=trust)
        return stream

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()


class Stream(asyncio.Protocol):
    """One TCP or TLS stream; it carries one exchange at a time, and closes after a minute without any.

    Attributes:
        loop: the event loop that opened it, the only one that it works in.
        usable: whether it can carry an exchange now.
    """

    _transport: asyncio.Transport
    _due: float
    _alarm: asyncio.TimerHandle

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.usable = False
        self._reader = ReplyReader()
        self._reply: asyncio.Future[Reply] | None = None
        self._unsent = memoryview(b"")
        self._paused = False

    async def exchange(self, head: bytes, body: bytes, deadline: float) -> Reply:
        """Send a request and return the reply; whoever stops waiting closes the stream.

        Raises:
            TimeoutError: there was no reply until the deadline, by the clock of the loop.
            ReplyLost: the stream ended first.
            BadReply: the server does not speak HTTP/1.1.
        """
        self.usable = False
        self._reader.begin()
        self._reply = self.loop.create_future()
        self._set_due(deadline)
        if len(body) <= _SLICE:
            self._transport.write(head + body)
        else:
            self._transport.write(head)
            self._unsent = memoryview(body)
            self.resume_writing()
        try:
            return await self._reply
        finally:
            if not self.usable:
                self.abort()

    def abort(self) -> None:
        """Close at once."""
        self.usable = False
        self._alarm.cancel()
        self._transport.abort()

    def _fail(self, error: OSError) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)
        self.abort()

    def _set_due(self, due: float) -> None:
        """Have the alarm ring in time; one that rings too early is set anew, so most requests set none."""
        self._due = due
        if due < self._alarm.when():
            self._alarm.cancel()
            self._alarm = self.loop.call_at(due, self._ring)

    def _ring(self) -> None:
        if self.loop.time() < self._due:
            self._alarm = self.loop.call_at(self._due, self._ring)
        else:
            self._fail(TimeoutError("no reply until the deadline"))

    # What the transport calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for exchanges."""
        self._transport = cast("asyncio.Transport", transport)
        self._due = self.loop.time() + IDLE_SECONDS
        self._alarm = self.loop.call_at(self._due, self._ring)
        self.usable = True

    def data_received(self, data: bytes) -> None:
        """Read on; bytes that nobody waits for close the stream."""
        if self._reply is None or self._reply.done():
            self.abort()
            return
        try:
            reply = self._reader.feed(data)
        except BadReply as error:
            self._fail(error)
            return
        if reply is not None:
            self.usable = self._reader.reusable and not self._transport.get_write_buffer_size()
            self._set_due(self.loop.time() + IDLE_SECONDS)
            self._reply.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the reply is lost either way
        """End the exchange."""
        self._fail(ReplyLost("the connection ended before the reply was complete"))

    def pause_writing(self) -> None:
        """Hold the rest of the body back."""
        self._paused = True

    def resume_writing(self) -> None:
        """Send the body on."""
        self._paused = False
        while self._unsent and not self._paused:
            piece, self._unsent = self._unsent[:_SLICE], self._unsent[_SLICE:]
            self._transport.write(piece)


class Connection:
    """A line to the origin for one request at a time: opened by the first, and again after its stream has ended."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._stream: Stream | None = None

    @property
    def is_open(self) -> bool:
        """Whether a stream is kept for the next request."""
        return self._stream is not None and self._stream.usable

    async def send(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, *, deadline: float
    ) -> Reply:
        """Send a request that may be repeated, and return the reply; the deadline is by the clock of the event loop.

        A server may end a kept connection at any moment. So a request whose reply is lost on one is sent once more,
        whole, on a fresh one.

        Raises:
            OSError: the server cannot be reached, does not reply in time, or does not speak HTTP/1.1.
        """
        head = _head(method, target, {"Host": self._origin.authority, **headers}, len(body))
        kept, self._stream = self._stream, None
        if kept is not None and kept.usable and kept.loop is asyncio.get_running_loop():
            with contextlib.suppress(ReplyLost):
                return await self._exchange(kept, head, body, deadline)
        async with asyncio.timeout_at(deadline):
            fresh = await self._origin.connect()
        return await self._exchange(fresh, head, body, deadline)

    def close(self) -> None:
        """Close the stream that is kept; one of an event loop that is closed ends when it is forgotten."""
        kept, self._stream = self._stream, None
        if kept is not None and not kept.loop.is_closed():
            kept.abort()

    async def _exchange(self, stream: Stream, head: bytes, body: bytes, deadline: float) -> Reply:
        reply = await stream.exchange(head, body, deadline)
        self._stream = stream
        return reply


def _head(method: str, target: str, headers: Mapping[str, str], length: int) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *[f"{name}: {value}" for name, value in headers.items()]]
    head = "\r\n".join(lines)
    if head.count("\r") + head.count("\n") != 2 * (len(lines) - 1):
        raise ValueError("a header has a line break in it")
    return f"{head}\r\nContent-Length: {length}\r\n\r\n".encode("ascii")
