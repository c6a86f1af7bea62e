"""The page as its user starts it: `acsevents page` in a terminal, which can be closed and opened again."""

import asyncio
import contextlib
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final, Self

ROOT: Final = Path(__file__).parents[2]
_ADDRESS: Final = re.compile(r"http://127\.0\.0\.1:(\d+)/\S*")
_SECONDS: Final = 60.0


class Server:
    """A process that serves the page.

    Attributes:
        address: what it printed, with the key that lets the reader in.
    """

    def __init__(self, folder: Path, tables: str, *options: str) -> None:
        self.address = ""
        self._folder = folder
        self._environment = {**os.environ, "PYTHONPATH": str(ROOT), "EventTables": tables}
        self._options = options
        self._port = "0"
        self._process: asyncio.subprocess.Process | None = None

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, folder: Path, tables: str, *options: str) -> AsyncIterator[Self]:
        """Serve the page during the block, with options of `acsevents page`, in a folder."""
        server = cls(folder, tables, *options)
        await server.start()
        try:
            yield server
        finally:
            await server.kill()

    @property
    def origin(self) -> str:
        """Scheme, host and port."""
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        """Start it, where it was before if it ran before."""
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "acsevents", "page", "--port", self._port, *self._options),
            cwd=self._folder,
            env=self._environment,
            stdout=asyncio.subprocess.PIPE,
        )
        printed = ""
        async with asyncio.timeout(_SECONDS):
            while (found := _ADDRESS.search(printed)) is None:
                assert self._process.stdout is not None
                line = await self._process.stdout.readline()
                assert line, f"`acsevents page` ended: {printed}"
                printed += line.decode()
        self.address, self._port = found[0], found[1]

    async def kill(self) -> None:
        """Kill it, as a power cut does."""
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()
