"""Which connection carries a request: so many at a time, and the one that was used last first."""

import asyncio
from typing import Final

from shared.storage.http import Connection, Origin

MOST_CONNECTIONS: Final = 64  # Azure gives an instance about 128 ports to one service


class Pool:
    """Connections to one origin.

    It serves one event loop at a time. When the loop changes, nobody uses or waits for a connection any more: the
    tasks that did may never come to give it back.
    """

    def __init__(self, origin: Origin, *, limit: int = MOST_CONNECTIONS) -> None:
        self._origin = origin
        self._limit = limit
        self._loop: asyncio.AbstractEventLoop | None = None
        self._places = asyncio.Semaphore(limit)
        self._in_use: set[Connection] = set()
        self._idle: list[Connection] = []
        self._closed = False

    async def acquire(self, deadline: float) -> Connection:
        """Take the connection that was used last, or a new one; wait while as many as may be are in use.

        Raises:
            TimeoutError: none was given back until the deadline, by the clock of the event loop.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._places, self._in_use = loop, asyncio.Semaphore(self._limit), set()
        if self._places.locked():
            async with asyncio.timeout_at(deadline):
                await self._places.acquire()
        else:
            await self._places.acquire()  # at once: a time-out costs more than the rest of this function
        connection = self._idle.pop() if self._idle else Connection(self._origin)
        self._in_use.add(connection)
        return connection

    def release(self, connection: Connection) -> None:
        """Give a connection back, whatever became of its request."""
        if connection not in self._in_use:  # taken in an earlier event loop
            return
        self._in_use.remove(connection)
        self._places.release()
        if self._closed:
            connection.close()
        elif connection.is_open:
            self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle now, and what is in use once it is given back."""
        self._closed = True
        for connection in self._idle:
            connection.close()
