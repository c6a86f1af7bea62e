"""How long a server of the local stack runs: no longer than it is wanted."""

import asyncio
import contextlib
import os
import signal

_GLANCE_SECONDS = 1.0


class Lifetime:
    """Ends with SIGTERM, with SIGINT or with the process that started this one.

    To be made, in a running event loop, before the server says that it listens: who reads that may stop it at once.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()
        self._stopped = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._stopped.set)

    async def end(self) -> None:
        """Wait until the server is to stop."""
        # An orphan gets another parent. Nobody tells it: it has to look.
        while os.getppid() == self._parent and not self._stopped.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopped.wait(), _GLANCE_SECONDS)
