"""HTTP/1.1 for the stand-in, hand-written so that it takes much less CPU than any client."""

import asyncio
import math
from collections import deque
from collections.abc import Callable
from typing import NamedTuple, cast


class Request(NamedTuple):
    """One HTTP request; `head` is everything before the body, in lower case."""

    method: str
    target: str
    head: bytes
    body: bytes


class Reply(NamedTuple):
    """The bytes of an answer, and the seconds to wait beyond the latency; infinity means that it never comes."""

    data: bytes
    seconds: float


class Connection(asyncio.Protocol):
    """A keep-alive connection that answers in the order of the requests, each at least `latency` seconds later."""

    _transport: asyncio.Transport

    def __init__(self, answer: Callable[[Request], Reply], latency: float) -> None:
        self._answer = answer
        self._latency = latency
        self._loop = asyncio.get_running_loop()
        self._buffer = bytearray()
        self._answers: deque[bytes] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete."""
        self._buffer += data
        try:
            while taken := take_request(self._buffer):
                request, size = taken
                del self._buffer[:size]
                self._send(self._answer(request))
        except ValueError:
            self._transport.write(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            self._transport.close()

    def _send(self, answer: Reply) -> None:
        seconds = self._latency + answer.seconds
        if not seconds:
            self._transport.write(answer.data)
        elif seconds < math.inf:
            # A timer sends the oldest answer, not its own: timers due at the same instant run in any order.
            self._answers.append(answer.data)
            self._loop.call_later(seconds, self._send_oldest)

    def _send_oldest(self) -> None:
        data = self._answers.popleft()
        if not self._transport.is_closing():  # the client may have closed the connection
            self._transport.write(data)


def take_request(buffer: bytearray) -> tuple[Request, int] | None:
    """Return the first request of a buffer and its length in bytes, or None while it is incomplete.

    Raises:
        ValueError: the buffer does not contain HTTP.
    """
    start = buffer.find(b"\r\n\r\n") + 4
    if start < len(b"\r\n\r\n"):
        return None
    line = bytes(buffer[: buffer.index(b"\r\n")])
    head = bytes(buffer[:start]).lower()
    method, target, _ = line.decode("ascii").split(" ")
    if b"\ntransfer-encoding: chunked" in head:
        body, end = _take_chunks(buffer, start)
    else:
        _, _, length = head.partition(b"\ncontent-length:")
        end = start + int(length.partition(b"\r")[0] or b"0")
        body = bytes(buffer[start:end])
    return (Request(method, target, head, body), end) if end <= len(buffer) else None


def _take_chunks(buffer: bytearray, start: int) -> tuple[bytes, int]:
    """Join a chunked body and return it with its end, which is beyond the buffer if chunks are missing."""
    chunks = []
    while (line_end := buffer.find(b"\r\n", start)) >= 0:
        size = int(buffer[start:line_end].partition(b";")[0], 16)
        chunks.append(bytes(buffer[line_end + 2 : line_end + 2 + size]))
        start = line_end + 2 + size + 2
        if not size:
            return b"".join(chunks), start
    return b"", len(buffer) + 1
