"""TCP ports of this machine: free ones, and servers on them."""

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from acsevents.local import LocalStackError


def free_port() -> int:
    """Return a TCP port of 127.0.0.1 that is free now; another program may take it before the caller does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(option: str, first: int, count: int = 1) -> None:
    """Check that consecutive ports of 127.0.0.1 are free; `first` 0 stands for any free ports and always passes.

    Raises:
        LocalStackError: a port is in use; the message names the option that chooses other ports.
    """
    for port in range(first, first + count) if first else ():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # ignore closed connections in TIME_WAIT
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise LocalStackError(
                    f"port {port} cannot be used ({error.strerror}): choose another with {option}"
                ) from None


@asynccontextmanager
async def listening(
    app: web.Application, port: int, *, patience: float, reuse_port: bool = False
) -> AsyncIterator[str]:
    """Serve a web application on 127.0.0.1 during the block; yield its URL without a trailing slash.

    Port 0 stands for any free port; with `reuse_port` it is shared with processes that do the same. When the block
    ends, running requests have `patience` seconds to finish.

    Raises:
        LocalStackError: the port is in use.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=patience)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port, reuse_port=reuse_port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise LocalStackError(f"port {port} is in use: choose another, or 0 for any") from None
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
