"""A connection to a server that treats each request as a script says."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

from shared.storage.http import Connection, Origin, header_lines
from shared.storage.reply import Reply
from tests.storage.misbehaving import (
    HOST,
    MisbehavingServer,
    Request,
    Script,
    Step,
    answer,
)

SECONDS = 20.0  # more than any of this takes on a busy machine
WRITTEN = answer(204)
LARGE = bytes(range(256)) * 4 * 3072  # 3 MiB, no two slices of it alike at their ends
SAYS = {
    "nothing": b"HTTP/1.1 204 No Content\r\nServer: s\r\n\r\n",
    "a body": b"HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nhello",
    "chunks": b"HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
}


@asynccontextmanager
async def connected(
    script: Script, tls: ssl.SSLContext | None = None, server: type[MisbehavingServer] = MisbehavingServer
) -> AsyncIterator[tuple[Connection, MisbehavingServer]]:
    """Start a server with a script and make a connection to it; nothing may go wrong where nobody looks."""
    unseen: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unseen.append(context))
    async with server.start(script, tls) as running, asyncio.timeout(60):
        connection = Connection(Origin(HOST, running.port, tls=tls is not None))
        try:
            yield connection, running
        finally:
            connection.close()
    assert unseen == []


def until_left(step: Step) -> tuple[Step, asyncio.Event]:
    """Take a step, and tell when the client has left."""
    left = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await step(reader, writer)
            await reader.read()
        finally:
            left.set()

    return take, left


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes to pass in the loop, where nothing tells that it has."""
    while not condition():  # noqa: ASYNC110  this is the place where it is waited for
        await asyncio.sleep(0.001)


async def ask(connection: Connection, body: bytes = b"{}", seconds: float = SECONDS) -> Reply:
    """Send a request."""
    deadline = asyncio.get_running_loop().time() + seconds
    return await connection.send("PUT", "/a/T(x='1')?q=2", header_lines({"X-Header": "yes"}), body, deadline=deadline)


def bodies(requests: Iterable[Request]) -> list[bytes]:
    """Return what each request brought."""
    return [request.body for request in requests]
