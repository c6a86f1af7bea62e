"""A connection without a network: each request has its outcome at once, before anybody else runs."""

from collections.abc import Callable, Iterable

from shared.storage.http import Connection, Origin
from shared.storage.pool import Pool
from shared.storage.reply import Reply
from shared.storage.stream import Stream

Outcome = Callable[[], Reply]
_NOWHERE = Origin("contoso.example", None, tls=True)


def replies(status: int, body: bytes = b"") -> Outcome:
    """Return the outcome of a server that replies."""
    return lambda: Reply(status, {}, body)


def fails(error: OSError) -> Outcome:
    """Return the outcome of a request that gets no reply."""

    def fail() -> Reply:
        raise error

    return fail


class ConnectionAtOnce(Connection):
    """Gives each request the next outcome.

    Attributes:
        sent: method and target of each request.
    """

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        super().__init__(_NOWHERE)
        self._outcomes = iter(outcomes)
        self.sent: list[tuple[str, str]] = []

    async def open(self, deadline: float) -> Stream:  # noqa: ARG002  it is open
        """Return a stream that carries nothing."""
        return Stream()

    async def send(
        self,
        method: str,
        target: str,
        headers: str,  # noqa: ARG002  nobody reads them
        body: bytes,  # noqa: ARG002
        *,
        deadline: float,  # noqa: ARG002  it is never reached
    ) -> Reply:
        """Return the next outcome, or raise it."""
        self.sent.append((method, target))
        return next(self._outcomes)()


class PoolAtOnce(Pool):
    """One connection for everybody."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(_NOWHERE)
        self._connection = connection

    def take(self) -> Connection:
        """Return it."""
        return self._connection

    def give_back(self, connection: Connection) -> None:
        """Check that it is the one."""
        assert connection is self._connection
