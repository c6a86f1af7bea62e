"""One TCP or TLS stream: a request out, its reply in, and whether the stream is good for another.

Every exchange has a deadline. Any doubt about the state of the stream closes it.
"""

import asyncio
from typing import Final, cast

from shared.storage.reply import MOST_BYTES, BadReply, Reply, ReplyReader

IDLE_SECONDS: Final = 60.0  # Azure's gateways silently drop a connection that was idle for four minutes
_SLICE: Final = 2**16  # larger bodies are sent in pieces, as fast as the server reads them
# Replies are received in place, since asyncio allocates 256 KiB for each one that a plain `asyncio.Protocol` receives.
# The rest of a reply that fills the small buffer goes to a large one, which holds what asyncio decrypts at a time: if a
# server closes, asyncio drops what is decrypted and did not fit.
_SMALL_BUFFER_BYTES: Final = 2**14
_LARGE_BUFFER_BYTES: Final = 2**18


class ReplyLost(ConnectionError):  # noqa: N818  an outcome: the request may have been obeyed
    """The connection ended before the reply was complete."""


class Stream(asyncio.BufferedProtocol):
    """One TCP or TLS stream; it carries one exchange at a time, and closes after a minute without any.

    Attributes:
        loop: the event loop that opened it, the only one that it works in.
        usable: whether it can carry an exchange now.
        used: whether it has carried one.
    """

    _transport: asyncio.Transport
    _due: float
    _alarm: asyncio.TimerHandle

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.loop = asyncio.get_running_loop()
        self.usable = self.used = False
        self._reader = ReplyReader(most_bytes)
        self._reply: asyncio.Future[Reply] | None = None
        self._unsent = memoryview(b"")
        self._paused = False
        self._buffer = self._small_buffer = memoryview(bytearray(_SMALL_BUFFER_BYTES))

    async def exchange(self, head: bytes, body: bytes, deadline: float) -> Reply:
        """Send a request and return the reply; a caller that stops waiting closes the stream.

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

    def cut_off(self) -> None:
        """End the exchange that is under way as if its deadline had come, and close."""
        self._fail(TimeoutError("no reply for so long that others go first"))

    def _fail(self, error: OSError) -> None:
        if self._reply is not None and not self._reply.done():
            self._reply.set_exception(error)
        self.abort()

    def _set_due(self, due: float) -> None:
        """Set the deadline. An alarm that rings too early is set again, so most requests set none."""
        self._due = due
        if due < self._alarm.when():
            self._alarm.cancel()
            self._alarm = self.loop.call_at(due, self._ring)

    def _ring(self) -> None:
        if self.loop.time() < self._due:
            self._alarm = self.loop.call_at(self._due, self._ring)
        else:
            self._fail(TimeoutError("no reply until the deadline"))

    # Callbacks of the transport.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Get ready for exchanges."""
        self._transport = cast("asyncio.Transport", transport)
        self._due = self.loop.time() + IDLE_SECONDS
        self._alarm = self.loop.call_at(self._due, self._ring)
        self.usable = True

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002  replies are mostly small
        """Return where to put what is received next."""
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        """Read the reply; bytes that no exchange expects close the stream."""
        if self._reply is None or self._reply.done():
            self.abort()
            return
        data = self._buffer[:nbytes]
        if nbytes == len(self._small_buffer):
            self._buffer = memoryview(bytearray(_LARGE_BUFFER_BYTES))
        try:
            reply = self._reader.feed(data)
        except BadReply as error:
            self._fail(error)
            return
        if reply is not None:
            self._buffer = self._small_buffer
            self.used = True
            self.usable = self._reader.reusable and not self._transport.get_write_buffer_size()
            self._set_due(self.loop.time() + IDLE_SECONDS)
            self._reply.set_result(reply)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  the reply is lost either way
        """End the exchange."""
        self._fail(ReplyLost("the connection ended before the reply was complete"))

    def pause_writing(self) -> None:
        """Stop sending the body."""
        self._paused = True

    def resume_writing(self) -> None:
        """Go on sending the body."""
        self._paused = False
        while self._unsent and not self._paused:
            piece, self._unsent = self._unsent[:_SLICE], self._unsent[_SLICE:]
            self._transport.write(piece)
