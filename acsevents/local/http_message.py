"""HTTP/1.1 messages on asyncio streams, read and written by h11."""

import asyncio
from typing import NamedTuple

import h11

READ_BYTES = 64 * 1024


class Message(NamedTuple):
    """One request or response with its whole body."""

    head: h11.Request | h11.Response
    body: bytes


async def read_message(connection: h11.Connection, reader: asyncio.StreamReader) -> Message:
    """Read the next message from the peer.

    Raises:
        ConnectionError: the peer closed or reset the connection.
        h11.RemoteProtocolError: the peer closed it within a message, or does not speak HTTP.
    """
    body = bytearray()
    head: h11.Request | h11.Response | None = None
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(READ_BYTES))
        elif isinstance(event, h11.Request | h11.Response):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return Message(head, bytes(body))
        elif isinstance(event, h11.ConnectionClosed):
            raise ConnectionResetError("the peer closed the connection")


def write_message(connection: h11.Connection, message: Message) -> bytes:
    """Return the bytes of a message; header names keep their case."""
    parts = (message.head, h11.Data(data=message.body), h11.EndOfMessage())
    return b"".join(connection.send(part) or b"" for part in parts)
