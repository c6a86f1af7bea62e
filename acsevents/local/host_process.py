"""Runs the Functions host stand-in as a process of its own, as many times as asked, on one shared port."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from acsevents.local import LocalStackError
from acsevents.local.ports import free_port
from shared.storage.settings import CONNECTIONS

ROOT = Path(__file__).parents[2]
_START_SECONDS = 60.0
_STOP_SECONDS = 40.0  # the host itself lets running invocations finish for 30 s


@dataclass
class HostProcesses:
    """Host processes that share a port; the system spreads connections over them.

    Attributes:
        url: where they listen, without a slash at the end.
        running: the processes that were not killed.
    """

    url: str
    running: list[asyncio.subprocess.Process] = field(default_factory=list)
    _port: int = 0
    _environment: dict[str, str] = field(default_factory=dict)
    _log: Path | None = None

    async def add(self) -> None:
        """Start one more process and return when it listens.

        Raises:
            LocalStackError: it does not start; the message says where its log is.
        """
        log = os.devnull if self._log is None else str(self._log)
        with open(log, "ab") as errors:  # noqa: PTH123, ASYNC230  a device is no Path, and opening it does not wait
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-m", "acsevents.local.host", "--script-root", str(ROOT)),
                *("--port", str(self._port), "--reuse-port"),
                cwd=ROOT,
                env={**_without_connections(os.environ), **self._environment},
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C reaches the parent only, which stops things in order
            )
        assert process.stdout is not None  # noqa: S101  a pipe was asked for
        try:
            async with asyncio.timeout(_START_SECONDS):
                ready = await process.stdout.readline()
        except TimeoutError:
            ready = b""
        if not ready:
            await _stop(process)
            raise LocalStackError(f"the Functions host did not start; its log is {log}")
        self.running.append(process)

    async def kill(self, process: asyncio.subprocess.Process) -> int:
        """Kill one process at once, as a crash would; tell its id."""
        self.running.remove(process)
        process.kill()
        await process.communicate()
        return process.pid


@asynccontextmanager
async def host_processes(
    connection_string: str, *, count: int = 1, port: int = 0, log: Path | None = None
) -> AsyncIterator[HostProcesses]:
    """Run `count` processes of the real function app against the tables of a connection string.

    Args:
        connection_string: becomes the `EventTables` setting.
        count: how many processes.
        port: on 127.0.0.1; 0 takes a free one.
        log: file that the processes' logs are appended to; none by default.

    Raises:
        LocalStackError: a process does not start.
    """
    port = port or free_port()
    hosts = HostProcesses(
        url=f"http://127.0.0.1:{port}", _port=port, _environment={"EventTables": connection_string}, _log=log
    )
    try:
        for _ in range(count):
            await hosts.add()
        yield hosts
    finally:
        await asyncio.gather(*(_stop(process) for process in hosts.running))


def _without_connections(environment: Mapping[str, str]) -> dict[str, str]:
    """Leave out the tables of whoever runs this: the local ones are named instead."""
    return {name: value for name, value in environment.items() if not name.startswith(CONNECTIONS)}


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
