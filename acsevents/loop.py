"""Run coroutines so that Ctrl-C ends them cleanly at any moment."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from typing import TypeVar

Answer = TypeVar("Answer")


def run(work: Callable[[], Awaitable[Answer]]) -> Answer:
    """Run the work on its own event loop; Ctrl-C cancels it and raises KeyboardInterrupt.

    SIGINT is blocked while the loop is created: a half-initialized loop fails when it is collected.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        return asyncio.run(_interruptible(work))
    finally:
        _unblock_sigint()


async def _interruptible(work: Callable[[], Awaitable[Answer]]) -> Answer:
    _unblock_sigint()
    return await work()


def _unblock_sigint() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])
