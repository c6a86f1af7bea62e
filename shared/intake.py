"""Intake: calls that overlap are decoded together.

The host hands events over one by one. Decoding each on its own runs with cold caches, and writing each on its own
costs a request. So calls that overlap are collected until arrivals pause, and go on together.
"""

import asyncio
from collections.abc import Callable
from typing import Final, Generic, TypeVar

MOST_CALLS: Final = 100
MOST_CHARACTERS: Final = 1024 * 1024
PAUSE_SECONDS: Final = 0.001
LONGEST_SECONDS: Final = 0.010
_SECONDS_WITHOUT_YIELDING: Final = 0.005

Text = str | bytes
Decoded = TypeVar("Decoded")


class Intake(Generic[Decoded]):
    """Collects texts and decodes them in one go, yielding to the event loop every few milliseconds."""

    def __init__(self, decode: Callable[[Text], Decoded]) -> None:
        self._decode = decode
        self._collected: list[tuple[Text, asyncio.Future[Decoded]]] = []
        self._characters = 0
        self._seen = 0
        self._began = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    async def decoded(self, text: Text) -> Decoded:
        """Decode a text together with those that arrive about now."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Decoded] = loop.create_future()
        self._collected.append((text, turn))
        self._characters += len(text)
        if len(self._collected) >= MOST_CALLS or self._characters >= MOST_CHARACTERS:
            self._close()
        elif len(self._collected) == 1:
            self._began, self._seen = loop.time(), 1
            loop.call_later(PAUSE_SECONDS, self._look, self._collected)
        return await turn

    def _look(self, collected: list[tuple[Text, asyncio.Future[Decoded]]]) -> None:
        """Close the collection if nobody has come since the last look, or it is old enough."""
        if collected is not self._collected:
            return
        loop = asyncio.get_running_loop()
        if len(collected) > self._seen and loop.time() - self._began < LONGEST_SECONDS:
            self._seen = len(collected)
            loop.call_later(PAUSE_SECONDS, self._look, collected)
        else:
            # Whoever has arrived while the loop was busy gets on: the calls themselves run in its next turn.
            loop.call_soon(self._close_if_open, collected)

    def _close_if_open(self, collected: list[tuple[Text, asyncio.Future[Decoded]]]) -> None:
        if collected is self._collected:
            self._close()

    def _close(self) -> None:
        collected, self._collected = self._collected, []
        self._characters = 0
        task = asyncio.create_task(self._decode_all(collected))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _decode_all(self, collected: list[tuple[Text, asyncio.Future[Decoded]]]) -> None:
        loop = asyncio.get_running_loop()
        results: list[tuple[asyncio.Future[Decoded], Decoded]] = []
        began = loop.time()
        for text, turn in collected:
            if turn.done():  # its caller has gone
                continue
            try:
                results.append((turn, self._decode(text)))
            except Exception as bug:  # noqa: BLE001  a bug fails its own caller and spoils nobody else's event
                turn.set_exception(bug)
            if loop.time() - began > _SECONDS_WITHOUT_YIELDING:
                await asyncio.sleep(0)
                began = loop.time()
        for turn, result in results:
            if not turn.done():
                turn.set_result(result)
