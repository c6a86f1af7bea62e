"""What a test server hears: the requests of one connection, read by h11 and answered in whatever bytes a test likes."""

import asyncio
from collections.abc import AsyncIterator

import h11

from acsevents.local.http_message import Message, read_message


async def requests(reader: asyncio.StreamReader) -> AsyncIterator[Message]:
    """Yield requests until the client hangs up, which ends in `ConnectionError` or `h11.RemoteProtocolError`."""
    rest = b""
    while True:
        http = h11.Connection(h11.SERVER)
        if rest:
            http.receive_data(rest)
        message = await read_message(http, reader)
        rest = http.trailing_data[0]
        yield message
