"""Run what waits for the network, so that Ctrl-C ends it cleanly at any moment."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def run(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Do the work on an event loop of its own; Ctrl-C cancels it, and is raised as KeyboardInterrupt.

    While the loop is made Ctrl-C waits: a loop that is half made fails when it is forgotten.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        return asyncio.run(_interruptible(work))
    finally:
        _listen()


async def _interruptible(work: Callable[[], Awaitable[Answer]]) -> Answer:
    _listen()
    return await work()


def _listen() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
