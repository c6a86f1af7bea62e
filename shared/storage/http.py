"""A small client of HTTP/1.1 for one server, over connections that are kept alive.

It does what the two writes of the hot path need and no more (docs/decisions/0004-own-transport.md): no redirects, no
cookies, no compression.
"""

import asyncio
import ssl
from collections.abc import Mapping
from functools import cached_property

from shared.storage.reply import MOST_BYTES, Reply
from shared.storage.stream import ReplyLost, Stream


class Origin:
    """The server that requests go to; over TLS it must show a certificate that the system trusts.

    Args:
        host: its name or address.
        port: None for the usual one.
        tls: whether to speak https.
        most_bytes: the longest reply that is believed.
    """

    def __init__(self, host: str, port: int | None, *, tls: bool, most_bytes: int = MOST_BYTES) -> None:
        self._host = host
        self._most_bytes = most_bytes
        self._port = port or (443 if tls else 80)
        self._tls = tls
        name = f"[{host}]" if ":" in host else host
        self.authority = name if port is None else f"{name}:{port}"

    async def connect(self) -> Stream:
        """Open a stream; raises OSError."""
        trust = self._trust if self._tls else None
        loop = asyncio.get_running_loop()
        _, stream = await loop.create_connection(lambda: Stream(self._most_bytes), self._host, self._port, ssl=trust)
        return stream

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        return ssl.create_default_context()


class Connection:
    """A line to the origin for one request at a time, opened again whenever its stream has ended."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._stream: Stream | None = None

    @property
    def is_open(self) -> bool:
        """Whether a stream is kept for the next request."""
        return self._kept() is not None

    def _kept(self) -> Stream | None:
        stream = self._stream
        return stream if stream is not None and stream.usable and stream.loop is asyncio.get_running_loop() else None

    async def open(self, deadline: float) -> Stream:
        """Return the stream that is kept, or a new one; for callers that must not time the opening with the request.

        Raises:
            OSError: the server cannot be reached in time.
        """
        stream = self._kept()
        if stream is None:
            async with asyncio.timeout_at(deadline):
                stream = self._stream = await self._origin.connect()
        return stream

    async def send(self, method: str, target: str, headers: str, body: bytes, *, deadline: float) -> Reply:
        """Send a request that may be repeated, and return the reply.

        A server may end a kept connection at any moment. So a request whose reply is lost on one is sent once more,
        whole, on a fresh one.

        Args:
            method: the method of HTTP.
            target: path and query, percent-encoded.
            headers: as `header_lines` writes them; host and length are added.
            body: what follows the headers.
            deadline: until when there must be a reply, by the clock of the event loop.

        Raises:
            OSError: the server cannot be reached, does not reply in time, or does not speak HTTP/1.1.
            ValueError: the target has a line break or is not ASCII, or the headers are not.
        """
        if "\r" in target or "\n" in target:
            raise ValueError("the target has a line break in it")
        first = f"{method} {target} HTTP/1.1\r\nHost: {self._origin.authority}\r\n"
        head = f"{first}{headers}Content-Length: {len(body)}\r\n\r\n".encode("ascii")
        stream = self._kept() or await self.open(deadline)
        is_fresh = not stream.used
        try:
            return await stream.exchange(head, body, deadline)
        except ReplyLost:
            if is_fresh:
                raise
        return await (await self.open(deadline)).exchange(head, body, deadline)

    def cut_off(self) -> None:
        """End the request that is under way as if its time were over."""
        if self._stream is not None:
            self._stream.cut_off()

    def close(self) -> None:
        """Close the stream that is kept; one of an event loop that is closed ends when it is forgotten."""
        kept, self._stream = self._stream, None
        if kept is not None and not kept.loop.is_closed():
            kept.abort()


def header_lines(headers: Mapping[str, str]) -> str:
    """Write headers as lines of a request; raises ValueError for a line break in one of them."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\r") + lines.count("\n") != 2 * len(headers):
        raise ValueError("a header has a line break in it")
    return lines
