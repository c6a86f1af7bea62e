"""Shutdown of the servers of the local stack: on a signal, or when the parent process ends."""

import asyncio
import contextlib
import os
import signal

_POLL_SECONDS = 1.0


class Lifetime:
    """Waits for SIGTERM, SIGINT or the end of the parent process.

    Create it in a running event loop before the server announces its address, since a signal may follow at once.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stopped.set)

    async def end(self) -> None:
        """Wait until the server should stop."""
        # The end of the parent sends no event. It shows only in a changed parent id, which has to be polled.
        while os.getppid() == self._parent and not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), _POLL_SECONDS)
