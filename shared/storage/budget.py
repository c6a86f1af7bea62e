"""A budget of bytes for what is held in memory, granted in order of arrival."""

import asyncio
from collections import deque
from math import inf
from typing import Final

from shared.errors import Busy

_TIMES_WAITING: Final = 4  # callers may wait for so many times the budget; beyond that they are refused


class Budget:
    """A number of bytes.

    Attributes:
        free: what is left.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self.free = size
        self._queued = 0
        self._queue: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def wanted(self) -> int:
        """How many bytes callers wait for."""
        return self._queued

    def try_take(self, size: int) -> bool:
        """Take `size` bytes if they are free and no other caller waits; return whether they were taken."""
        if self._queue or size > self.free:
            return False
        self.free -= size
        return True

    async def take(self, size: int, deadline: float = inf) -> int:
        """Wait until `size` bytes are free and return what was taken: at most the whole budget.

        Raises:
            Busy: too much is waiting already, or there was no room until the deadline.
        """
        size = min(size, self._size)
        if self.try_take(size):
            return size
        if self._queued + size > _TIMES_WAITING * self._size:
            raise Busy("more events are waiting than fit the memory set aside for them")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append((size, turn))
        self._queued += size
        try:
            async with asyncio.timeout_at(deadline):
                await turn
        except (asyncio.CancelledError, TimeoutError) as gone:
            if turn.done() and not turn.cancelled():
                self.free += size
            self._let_in()  # callers that waited behind this one may go on
            if isinstance(gone, TimeoutError):
                raise Busy("no room in memory in time") from None
            raise
        finally:
            self._queued -= size
        return size

    def give_back(self, size: int) -> None:
        """Free bytes, and grant them to those that wait, in order."""
        self.free += size
        self._let_in()

    def _let_in(self) -> None:
        while self._queue and (self._queue[0][1].done() or self._queue[0][0] <= self.free):
            size, turn = self._queue.popleft()
            if not turn.done():
                self.free -= size
                turn.set_result(None)
