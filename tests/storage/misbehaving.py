"""An HTTP server that treats each request as a script says: it may answer wrongly or not at all."""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import NamedTuple, Self

import h11

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from acsevents.local.http_message import Message
from shared.storage.account import Account
from shared.storage.connection_string import parse_connection_string
from tests.requests import requests

HOST = "127.0.0.1"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER on, for no time: closing sends RST and not FIN


class Request(NamedTuple):
    """One request as received; header names in lower case."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, message: Message) -> Self:
        """Return a message as a request."""
        head = message.head
        assert isinstance(head, h11.Request)
        headers = {name.decode(): value.decode("latin-1") for name, value in head.headers}
        return cls(head.method.decode(), head.target.decode(), headers, message.body)

    @property
    def table(self) -> str:
        """The table that it is about, `$batch` or `Tables`."""
        return self.target.partition("?")[0].split("/")[2].partition("(")[0]


Step = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Script = Callable[[Request], Step]


def answer(status: int, body: bytes = b"", **headers: str) -> Step:
    """Send a valid response; `Retry_After` in `headers` stands for `Retry-After`."""
    lines = [f"HTTP/1.1 {status} Whatever", *(f"{name.replace('_', '-')}: {headers[name]}" for name in headers)]
    if status != 204:  # RFC 9110: a 204 has no length
        lines.append(f"Content-Length: {len(body)}")
    return raw("\r\n".join([*lines, "\r\n"]).encode() + body)


def error(status: int, code: str, **headers: str) -> Step:
    """Answer with the service's error document."""
    return answer(status, error_document(code), Content_Type="application/json", **headers)


def error_document(code: str) -> bytes:
    """Return the body of an error as Table Storage writes it."""
    return b'{"odata.error":{"code":"%s","message":{"lang":"en-US","value":"0:no."}}}' % code.encode()


def transaction(*statuses: int, code: str = "", status: int = 202) -> Step:
    """Answer a transaction with one part per status; failed parts name the code."""
    parts = [
        b"--changesetresponse_1\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
        b"HTTP/1.1 %d Whatever\r\nDataServiceVersion: 1.0;\r\n\r\n%s\r\n"
        % (part, b"" if part < 300 else error_document(code))
        for part in statuses
    ]
    head = b"--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
    tail = b"--changesetresponse_1--\r\n--batchresponse_1--\r\n"
    return answer(status, b"".join([head, *parts, tail]), Content_Type="multipart/mixed; boundary=batchresponse_1")


def raw(content: bytes) -> Step:
    """Send bytes and keep the connection open."""

    async def send(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(content)
        await writer.drain()

    return send


async def hang(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
    """Never answer."""
    await reader.read()


async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a byte of the response now and then, forever."""
    writer.write(b"HTTP/1.1 204 No Content\r\nX-Drip: ")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.01)


async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close the connection without a response; the request may have been carried out."""
    writer.close()


async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
    writer.transport.abort()


def last(content: bytes) -> Step:
    """Send bytes and close the connection."""

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await raw(content)(reader, writer)
        writer.close()

    return send


def truncated(status: int) -> Step:
    """Announce a body and close the connection in the middle of it."""
    return last(b"HTTP/1.1 %d Whatever\r\nContent-Length: 100\r\n\r\nhalf" % status)


def in_turn(*steps: Step) -> Script:
    """Return a script of one step per request; the last step repeats."""
    left: Iterator[Step] = iter(steps)
    return lambda _request: next(left, steps[-1])


class MisbehavingServer:
    """`async with MisbehavingServer.start(in_turn(...)) as server:` starts and stops it.

    Attributes:
        port: where it listens on 127.0.0.1.
        requests: every request that it heard, in order.
        opened: how many connections were opened to it.
    """

    def __init__(self, script: Script, scheme: str) -> None:
        self.script = script
        self.requests: list[Request] = []
        self.opened = 0
        self.port = 0
        self._scheme = scheme
        self._connections: set[asyncio.Task[None]] = set()
        self._heard = asyncio.Condition()

    @classmethod
    @contextlib.asynccontextmanager
    async def start(cls, script: Script, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncIterator[Self]:
        """Listen for the length of an `async with` block; port 0 is a free one."""
        running = cls(script, "http" if tls is None else "https")
        server = await asyncio.start_server(running.accept, HOST, port, ssl=tls, limit=2**24)
        running.port = server.sockets[0].getsockname()[1]
        try:
            yield running
        finally:
            server.close()
            await running.stop()

    @property
    def endpoint(self) -> str:
        """The URL of its table service."""
        return f"{self._scheme}://{HOST}:{self.port}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        """Of an account that is here, with Azurite's public key."""
        return f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};TableEndpoint={self.endpoint};"

    @property
    def account(self) -> Account:
        """The account of this connection string."""
        return parse_connection_string(self.connection_string)

    async def hears(self, requests: int) -> None:
        """Wait until it has received that many requests."""
        async with self._heard:
            await self._heard.wait_for(lambda: len(self.requests) >= requests)

    async def stop(self) -> None:
        """Close every connection."""
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        await asyncio.sleep(0)

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection."""
        self.opened += 1
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def hear(self, request: Request) -> Step:
        """Note a request, and tell what the script says about it."""
        async with self._heard:
            self.requests.append(request)
            self._heard.notify_all()
        return self.script(request)

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Do with each request what the script says."""
        async for message in requests(reader):
            step = await self.hear(Request.of(message))
            await step(reader, writer)
            if writer.is_closing():
                break

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, h11.RemoteProtocolError):
                await self.converse(reader, writer)
        finally:
            writer.transport.abort()


class ServerBesideTheTimeLine(MisbehavingServer):
    """Accepts rows of `Timeline` silently; its script and its records concern the other tables only."""

    async def hear(self, request: Request) -> Step:
        """Note a request unless it is about the time line."""
        if request.table == "Timeline":
            return answer(204, Connection="close")  # no other request is to find a connection that was good
        return await super().hear(request)


class DeafServer(MisbehavingServer):
    """Takes one step of its script per connection, without reading a request."""

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take the step."""
        await self.script(Request("", "", {}, b""))(reader, writer)
