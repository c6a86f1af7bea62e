"""Connections that are kept between requests; how many are in use at a time is for `turns` to say."""

from shared.storage.http import Connection, Origin


class Pool:
    """Kept connections to one origin.

    The one that was used last is taken first: those that only a burst needed come to their end.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._idle: list[Connection] = []
        self._closed = False

    def take(self) -> Connection:
        """Return the connection that was used last, or a new one."""
        return self._idle.pop() if self._idle else Connection(self._origin)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection that is still open, whatever became of its request."""
        if self._closed:
            connection.close()
        elif connection.is_open:
            self._idle.append(connection)

    def close(self) -> None:
        """Close what is idle now, and what is in use once it is given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
