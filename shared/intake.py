"""Intake: calls that overlap are decoded together.

The host hands events over one by one. Decoding each on its own runs with cold caches, and writing each on its own
costs a request. So calls that overlap are collected until arrivals pause, and go on together.
"""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Generic, Protocol, TypeVar

MOST_CALLS: Final = 100
MOST_CHARACTERS: Final = 1024 * 1024
PAUSE_SECONDS: Final = 0.001
LONGEST_SECONDS: Final = 0.010
_SECONDS_WITHOUT_YIELDING: Final = 0.005
# What is decoded in one go: enough texts to pay for loading the code of each step into the processor's caches, and few
# enough that the results of one step are still there for the next.
TEXTS_AT_ONCE: Final = 25
CHARACTERS_AT_ONCE: Final = 32 * 1024


class Call(Protocol):
    """A call that hands in a text."""

    @property
    def text(self) -> str | bytes:
        """The text to decode."""
        ...

    @property
    def is_abandoned(self) -> bool:
        """Whether the caller waits no more."""
        ...


OneCall = TypeVar("OneCall", bound=Call)
Decoded = TypeVar("Decoded")


class Intake(Generic[OneCall, Decoded]):
    """Collects calls, decodes their texts in one go, and hands them on together.

    Args:
        decode: decodes texts and returns a result for each, in their order; must not raise.
        hand_on: takes a call with what its text became; must not raise.
    """

    def __init__(
        self, decode: Callable[[Sequence[str | bytes]], list[Decoded]], hand_on: Callable[[OneCall, Decoded], None]
    ) -> None:
        self._decode = decode
        self._hand_on = hand_on
        self._collected: list[OneCall] = []
        self._characters = 0
        self._seen = 0
        self._began = 0.0
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, call: OneCall, *, is_alone: bool = False) -> None:
        """Collect a call; it is decoded and handed on together with those that arrive about now.

        A lone call waits only for those that arrive in the same iteration of the event loop.
        """
        self._collected.append(call)
        self._characters += len(call.text)
        count = len(self._collected)
        if count >= MOST_CALLS or self._characters >= MOST_CHARACTERS:
            self._close()
        elif count == 1 and is_alone:
            asyncio.get_running_loop().call_soon(self._go_alone, self._collected)
        elif count == 1:
            self._collect_more()

    def _go_alone(self, collected: list[OneCall]) -> None:
        if collected is not self._collected:
            return
        if len(collected) > 1:
            self._collect_more()
            return
        self._empty()
        (call,) = collected
        if not call.is_abandoned:
            (result,) = self._decode([call.text])
            self._hand_on(call, result)

    def _collect_more(self) -> None:
        loop = asyncio.get_running_loop()
        self._began, self._seen = loop.time(), len(self._collected)
        loop.call_later(PAUSE_SECONDS, self._look, self._collected)

    def _look(self, collected: list[OneCall]) -> None:
        """Close the collection if no call has arrived since the last look, or if it is old enough."""
        if collected is not self._collected:
            return
        loop = asyncio.get_running_loop()
        if len(collected) > self._seen and loop.time() - self._began < LONGEST_SECONDS:
            self._seen = len(collected)
            loop.call_later(PAUSE_SECONDS, self._look, collected)
        else:
            # Calls that arrived while the loop was busy run in its next iteration, and still belong to this collection.
            loop.call_soon(self._close_if_open, collected)

    def _close_if_open(self, collected: list[OneCall]) -> None:
        if collected is self._collected:
            self._close()

    def _empty(self) -> list[OneCall]:
        collected, self._collected = self._collected, []
        self._characters = 0
        return collected

    def _close(self) -> None:
        task = asyncio.create_task(self._decode_all(self._empty()))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _decode_all(self, collected: list[OneCall]) -> None:
        loop = asyncio.get_running_loop()
        results: list[tuple[OneCall, Decoded]] = []
        began = loop.time()
        for calls in _batches(collected):
            waiting = [call for call in calls if not call.is_abandoned]
            results += zip(waiting, self._decode([call.text for call in waiting]), strict=True)
            if loop.time() - began > _SECONDS_WITHOUT_YIELDING:
                await asyncio.sleep(0)
                began = loop.time()
        for call, result in results:
            if not call.is_abandoned:
                self._hand_on(call, result)


def _batches(calls: Sequence[OneCall]) -> Iterator[list[OneCall]]:
    """Yield the calls in batches that are decoded in one go; a text that exceeds the limit is alone in one."""
    batch: list[OneCall] = []
    characters = 0
    for call in calls:
        characters += len(call.text)
        if batch and (len(batch) == TEXTS_AT_ONCE or characters > CHARACTERS_AT_ONCE):
            yield batch
            batch, characters = [], len(call.text)
        batch.append(call)
    yield batch
