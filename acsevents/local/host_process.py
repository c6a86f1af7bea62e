"""Run the stand-in for the Functions host in one or more processes that share a port."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from acsevents.local import LocalStackError
from acsevents.local.ports import free_port
from shared.storage.settings import CONNECTIONS

ROOT = Path(__file__).parents[2]
_START_SECONDS = 60.0
_STOP_SECONDS = 40.0  # the host itself lets running invocations finish for 30 s


class HostProcesses:
    """Host processes that share a port; the system distributes connections among them.

    Attributes:
        url: the URL of all processes, without a trailing slash.
        log: the file that their logs are appended to.
        running: the processes that were not killed.
    """

    def __init__(self, connection_string: str, port: int, log: Path, *, alone: bool) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.running: list[Process] = []
        options = ["--script-root", str(ROOT), "--port", str(port), *(() if alone else ["--reuse-port"])]
        self._command = [sys.executable, "-m", "acsevents.local.host", *options]
        # Remove the connections of the user's environment, so that only the local tables are used.
        environment = {name: value for name, value in os.environ.items() if not name.startswith(CONNECTIONS)}
        self._environment = {**environment, "EventTables": connection_string}

    async def add(self) -> None:
        """Start one more process and return when it listens.

        Raises:
            LocalStackError: the process does not start; the message says why and names its log.
        """
        with self.log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C reaches the parent only, which stops the processes in order
            )
        self.running.append(process)
        assert process.stdout is not None  # noqa: S101  stdout is a pipe
        try:
            async with asyncio.timeout(_START_SECONDS):
                ready = await process.stdout.readline()
        except TimeoutError:
            ready = b""
        if not ready:
            raise LocalStackError(f"the Functions host did not start (log: {self.log}): {last_line(self.log)}")

    async def kill(self, process: Process) -> int:
        """Kill one process, as a crash would; return its id."""
        self.running.remove(process)
        process.kill()
        await process.communicate()
        return process.pid


@asynccontextmanager
async def host_processes(
    connection_string: str, *, log: Path, count: int = 1, port: int = 0
) -> AsyncIterator[HostProcesses]:
    """Run `count` processes of the real function app against the tables of a connection string.

    Args:
        connection_string: value of the setting `EventTables`.
        log: file that the processes' logs are appended to.
        count: number of processes.
        port: the port on 127.0.0.1; 0 for any free one.

    Raises:
        LocalStackError: a process does not start.
    """
    hosts = HostProcesses(connection_string, port or free_port(), log, alone=count == 1)
    try:
        for _ in range(count):
            await hosts.add()
        yield hosts
    finally:
        await asyncio.gather(*(_stop(process) for process in hosts.running))


def last_line(log: Path) -> str:
    """Return the last line that a process wrote to its log."""
    return (log.read_text(errors="replace").strip() or "nothing").splitlines()[-1]


async def _stop(process: Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
