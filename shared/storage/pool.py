"""Connections that are kept between requests; `slots` limits how many are in use at a time."""

from shared.storage.http import Connection, Origin


class Pool:
    """Kept connections to one origin.

    The connection that was used last is taken first, so that those that only a burst needed become idle and close.
    """

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._idle: list[Connection] = []
        self._closed = False

    def take(self) -> Connection:
        """Return the connection that was used last, or a new one."""
        return self._idle.pop() if self._idle else Connection(self._origin)

    def give_back(self, connection: Connection) -> None:
        """Keep a connection that is still open, whatever the outcome of its request."""
        if self._closed:
            connection.close()
        elif connection.is_open:
            self._idle.append(connection)

    def close(self) -> None:
        """Close all idle connections now, and the others when they are given back."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()
