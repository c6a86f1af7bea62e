"""Runs the Functions host stand-in as a process of its own, as many times as asked, on one shared port."""

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
    """Host processes that share a port; the system spreads connections over them.

    Attributes:
        url: where they listen, without a slash at the end.
        log: the file that their logs are appended to.
        running: the processes that were not killed.
    """

    def __init__(self, connection_string: str, port: int, log: Path, *, alone: bool) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.log = log
        self.running: list[Process] = []
        options = ["--script-root", str(ROOT), "--port", str(port), *(() if alone else ["--reuse-port"])]
        self._command = [sys.executable, "-m", "acsevents.local.host", *options]
        # Without the tables of whoever runs this: the local ones are named instead.
        ours = {name: value for name, value in os.environ.items() if not name.startswith(CONNECTIONS)}
        self._environment = {**ours, "EventTables": connection_string}

    async def add(self) -> None:
        """Start one more process and return when it listens.

        Raises:
            LocalStackError: it does not start; the message says why and where its log is.
        """
        with self.log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=ROOT,
                env=self._environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,  # Ctrl-C reaches the parent only, which stops things in order
            )
        self.running.append(process)
        assert process.stdout is not None  # noqa: S101  a pipe was asked for
        try:
            async with asyncio.timeout(_START_SECONDS):
                ready = await process.stdout.readline()
        except TimeoutError:
            ready = b""
        if not ready:
            raise LocalStackError(f"the Functions host did not start (log: {self.log}): {last_line(self.log)}")

    async def kill(self, process: Process) -> int:
        """Kill one process at once, as a crash would; tell its id."""
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
        connection_string: becomes the `EventTables` setting.
        log: file that the processes' logs are appended to.
        count: how many processes.
        port: on 127.0.0.1; 0 takes a free one.

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
    """Return what a process said last."""
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
