"""Run Azurite, the storage emulator, as a child process.

https://learn.microsoft.com/azure/storage/common/storage-use-azurite
"""

import re
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

from acsevents.local import LocalStackError
from acsevents.local.node import toolchain
from acsevents.local.ports import free_port

PROGRAMS = Path(__file__).parents[2] / "node_modules/azurite/dist/src"
ACCOUNT = "devstoreaccount1"
# Not a secret: Azurite ships it, and Microsoft documents it.
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

_STARTED = re.compile("Table service.* successfully (started|listening)")
_START_SECONDS = 60.0  # takes half a second on an idle machine, many on a busy one
_STOP_SECONDS = 10.0
_ATTEMPTS = 5
# Azurite shuts down cleanly on SIGINT only. The system closes the pipe to its standard input when the parent process
# ends, even by SIGKILL, so no Azurite is left running.
_STOP_AT_END_OF_INPUT = """
process.stdin.on("end", () => process.kill(process.pid, "SIGINT")).resume();
require(process.argv[1]);
"""


def connection_string(port: int) -> str:
    """Return the connection string of Azurite's account at a port of 127.0.0.1."""
    # Not `localhost`: with a port other than 10002 the SDK would take it for Cosmos DB.
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
        f"TableEndpoint=http://127.0.0.1:{port}/{ACCOUNT};"
    )


class Azurite:
    """A running Azurite; a context manager that stops it.

    Attributes:
        port: port of its table service on 127.0.0.1.
        process: its process.
        log: file with its output.
    """

    def __init__(self, port: int, program: str, *options: str) -> None:
        self.port = port
        self._workspace = TemporaryDirectory(prefix="azurite-")
        self.log = Path(self._workspace.name) / "output.txt"
        manners = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(toolchain().node, "-e", _STOP_AT_END_OF_INPUT, "--", str(PROGRAMS / program)),
                    *("--tableHost", "127.0.0.1", "--tablePort", str(port), *options, *manners),
                ],
                cwd=self._workspace.name,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C must not stop it before the host has written its last rows
            )

    @classmethod
    def start(cls, folder: Path | None = None, first_port: int | None = None) -> Self:
        """Start Azurite and return when it is ready.

        Args:
            folder: where to store the tables; if None, they are kept in memory.
            first_port: serve blobs, queues and tables on this port and the next two, or on free ones if 0. 10000 is the
                one that `UseDevelopmentStorage=true` stands for. If None, serve tables only, on a free port.

        Raises:
            LocalStackError: Azurite or Node is not installed, or Azurite does not start.
        """
        if not PROGRAMS.exists():
            raise LocalStackError("Azurite is not installed in node_modules: run `make setup`")
        storage = ["--inMemoryPersistence"] if folder is None else ["--location", str(folder.resolve())]
        # Azurite 3.35 cannot choose a port itself, and another program may take ours before Azurite does.
        for _ in range(_ATTEMPTS):
            if first_port is None:
                azurite = cls(free_port(), "table/main.js", *storage)
            else:
                blobs, queues, tables = (first_port + number if first_port else free_port() for number in range(3))
                hosts = ("--blobHost=127.0.0.1", "--queueHost=127.0.0.1")
                azurite = cls(tables, "azurite.js", f"--blobPort={blobs}", f"--queuePort={queues}", *hosts, *storage)
            problem = azurite.wait_until_started()
            if problem is None:
                return azurite
            azurite.stop()
            if "EADDRINUSE" not in problem or first_port:
                break
        raise LocalStackError(f"Azurite did not start: {problem}")

    def wait_until_started(self) -> str | None:
        """Wait until Azurite listens; return None, or its output if it does not start."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            exited = self.process.poll() is not None
            said = self.log.read_text(errors="replace")
            if _STARTED.search(said):
                return None
            if exited:
                return said.strip() or f"exit code {self.process.returncode}"
            time.sleep(0.02)
        return f"no answer within {_START_SECONDS:.0f} s"

    @property
    def connection_string(self) -> str:
        """The connection string of its account, a value for the setting `EventTables`."""
        return connection_string(self.port)

    def stop(self) -> None:
        """Stop Azurite; let it finish writing its folder, but kill it if that takes too long."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._workspace.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
