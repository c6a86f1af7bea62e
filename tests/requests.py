"""The requests that a test server receives on a connection, parsed by h11, to be answered with any bytes."""

import asyncio
from collections.abc import AsyncIterator

import h11

from acsevents.local.http_message import Message, read_message


async def requests(reader: asyncio.StreamReader) -> AsyncIterator[Message]:
    """Yield requests until the client closes the connection; then h11 or the stream raises an error."""
    rest = b""
    while True:
        http = h11.Connection(h11.SERVER)
        if rest:
            http.receive_data(rest)
        message = await read_message(http, reader)
        rest = http.trailing_data[0]
        yield message
