"""Runs the real Azurite, Table service only, for as long as somebody needs it.

https://learn.microsoft.com/azure/storage/common/storage-use-azurite
"""

import subprocess
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from acsevents.local import LocalStackError
from acsevents.local.node import node_command
from acsevents.local.ports import free_port

PROGRAM = Path(__file__).parents[2] / "node_modules/azurite/dist/src/table/main.js"
ACCOUNT = "devstoreaccount1"
# Not a secret: Azurite ships it, and Microsoft documents it.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

_STARTED = "successfully started"
_START_SECONDS = 60.0  # takes half a second on an idle machine, many on a busy one
_STOP_SECONDS = 10.0
_ATTEMPTS = 5
# Azurite closes in order on SIGINT only. The system closes the pipe on its standard input when the process
# that started it dies, however hard: so no Azurite is ever left behind.
_STOP_AT_END_OF_INPUT = """
process.stdin.on("end", () => process.kill(process.pid, "SIGINT")).resume();
require(process.argv[1]);
"""


def connection_string(port: int) -> str:
    """Write the connection string of Azurite's account at a port of 127.0.0.1."""
    # By number: the SDK takes `localhost` with a port other than 10002 for Cosmos DB.
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"TableEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


class Azurite:
    """A running Azurite table service; leaving its context stops it.

    Attributes:
        port: where it listens on 127.0.0.1.
        pid: its process.
    """

    def __init__(self, port: int, storage: Sequence[str]) -> None:
        self.port = port
        self._workspace = TemporaryDirectory(prefix="azurite-")
        self._output = Path(self._workspace.name) / "output.txt"
        listen = ["--tableHost", "127.0.0.1", "--tablePort", str(port)]
        manners = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        with self._output.open("wb") as output:
            self._process = subprocess.Popen(
                [
                    node_command(),
                    "-e",
                    _STOP_AT_END_OF_INPUT,
                    "--",
                    str(PROGRAM),
                    *listen,
                    *storage,
                    *manners,
                ],
                cwd=self._workspace.name,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C must not reach it before the host has written its last rows
            )
        self.pid = self._process.pid

    @classmethod
    def start(cls, folder: Path | None = None) -> Self:
        """Start Azurite and return when it answers.

        Args:
            folder: where to keep the tables between runs; without it they live in memory.

        Raises:
            LocalStackError: Azurite or Node is not installed, or Azurite does not start.
        """
        if not PROGRAM.exists():
            raise LocalStackError("Azurite is not installed in node_modules: run `make setup`")
        storage = ["--inMemoryPersistence"] if folder is None else ["--location", str(folder.resolve())]
        # Azurite 3.35 cannot choose a port itself: another program may take ours between choice and use.
        for _ in range(_ATTEMPTS):
            azurite = cls(free_port(), storage)
            problem = azurite.wait_until_started()
            if problem is None:
                return azurite
            azurite.stop()
            if "EADDRINUSE" not in problem:
                break
        raise LocalStackError(f"Azurite did not start: {problem}")

    def wait_until_started(self) -> str | None:
        """Wait until Azurite says that it listens; if it never does, return what it said instead."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            exited = self._process.poll() is not None
            said = self._output.read_text(errors="replace")
            if _STARTED in said:
                return None
            if exited:
                return said.strip() or f"exit code {self._process.returncode}"
            time.sleep(0.02)
        return f"no answer within {_START_SECONDS:.0f} s"

    @property
    def connection_string(self) -> str:
        """What the `EventTables` setting takes."""
        return connection_string(self.port)

    def stop(self) -> None:
        """Stop Azurite, in order so that a folder is written whole, by force if that takes too long."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._workspace.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
