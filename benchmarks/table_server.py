"""A fast stand-in for a Table Storage endpoint, in its own process, so that a benchmark measures only the client.

`python -m benchmarks.table_server --port 0 --latency-ms 0 [--store]` prints `listening on 127.0.0.1:PORT` and runs
until SIGTERM or until its parent process ends.
"""

import asyncio
import contextlib
import http.client
import itertools
import math
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterable, Iterator
from email.utils import formatdate
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
import typer

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from acsevents.local.lifetime import Lifetime
from benchmarks.partition_faults import Gate, PartitionFaults
from benchmarks.table_service import Answer, TableService
from benchmarks.timeline_rows import GeneratedTimeline
from benchmarks.wire import Connection, Reply, Request

HOST = "127.0.0.1"

_START_SECONDS = 30.0  # starting takes less than half a second on an idle machine
_command = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


class Count(msgspec.Struct):
    """Requests of an operation, refused ones too; rows written or returned; bytes of requests and answers."""

    requests: int = 0
    rows: int = 0
    bytes: int = 0


class TimelineShape(msgspec.Struct):
    """The content of a generated time line; see `GeneratedTimeline`."""

    text: str
    newest: int
    minutes: int
    per_minute: int


class Stats(Count):
    """The counts of all operations together, and of each by name."""

    operations: dict[str, Count] = msgspec.field(default_factory=dict)


class Exchange:
    """Answers and counts requests for the service; control requests are not counted."""

    def __init__(self, service: TableService) -> None:
        self.service = service
        self.stats = Stats()
        self._numbers = itertools.count()
        self._session = uuid.uuid4().hex[:24]
        self._second = 0
        self._date = ""

    def answer(self, request: Request) -> Reply:
        """Return the HTTP answer."""
        if request.target.startswith("/__"):
            return Reply(self._frame(self._control(request)), 0.0)
        answer = self.service.answer(request)
        framed = self._frame(answer)
        size = len(request.head) + len(request.body) + len(framed)
        for count in (self.stats, self.stats.operations.setdefault(answer.operation, Count())):
            count.requests += 1
            count.rows += answer.rows if answer.seconds < math.inf else 0
            count.bytes += size
        return Reply(framed, answer.seconds)

    def _control(self, request: Request) -> Answer:
        """Answer `GET /__stats`, `POST /__reset`, `/__faults`, `/__timeline` or `/__rows/TABLE` (entities' array)."""
        name, _, table = request.target.removeprefix("/__").partition("/")
        if name == "stats":
            return Answer(name, 0, "200 OK", b"", msgspec.json.encode(self.stats))
        if name == "reset":
            self.stats = Stats()
        elif name == "faults":
            self.service.gate = Gate(msgspec.json.decode(request.body, type=PartitionFaults))
        elif name == "rows":
            self.service.load(table, msgspec.json.decode(request.body, type=list[dict[str, Any]]))
        elif name == "timeline":
            made = msgspec.json.decode(request.body, type=TimelineShape)
            self.service.tables["Timeline"] = GeneratedTimeline(*msgspec.structs.astuple(made))
        return Answer(name, 0, "204 No Content")

    def _frame(self, answer: Answer) -> bytes:
        if (now := int(time.time())) != self._second:
            self._second, self._date = now, formatdate(now, usegmt=True)
        length = "" if answer.status.startswith("204") else f"Content-Length: {len(answer.body)}\r\n"
        head = (
            f"HTTP/1.1 {answer.status}\r\nCache-Control: no-cache\r\n{length}"
            f"Server: Windows-Azure-Table/1.0 Microsoft-HTTPAPI/2.0\r\n"
            f"x-ms-request-id: {self._session}{next(self._numbers):08x}\r\n"
            f"x-ms-version: 2019-02-02\r\nX-Content-Type-Options: nosniff\r\nDate: {self._date}\r\n"
        )
        return b"%s%s\r\n%s" % (head.encode(), answer.headers, answer.body)


async def serve(port: int, *, latency: float, store: bool) -> None:
    """Serve until the end of the lifetime."""
    lifetime = Lifetime()
    loop = asyncio.get_running_loop()
    exchange = Exchange(TableService(store=store))
    server = await loop.create_server(lambda: Connection(exchange.answer, latency), HOST, port)
    print(f"listening on {HOST}:{server.sockets[0].getsockname()[1]}", flush=True)
    await lifetime.end()
    server.close()


class TableServer:
    """The stand-in, running in a subprocess.

    `with TableServer.start(latency=0.002) as server:` starts and stops it. Latency is in seconds and added to each
    answer; with `store`, rows can be read back.
    """

    def __init__(self, port: int) -> None:
        self.port = port
        endpoint = f"http://{HOST}:{port}/{ACCOUNT}"
        self.connection_string = (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};TableEndpoint={endpoint};"
        )

    @classmethod
    @contextlib.contextmanager
    def start(cls, *, latency: float = 0.0, store: bool = False) -> Iterator[Self]:
        """Run the server during a `with` block; raise RuntimeError if it does not start."""
        command = [sys.executable, "-m", "benchmarks.table_server", "--latency-ms", str(latency * 1000)]
        if store:
            command.append("--store")
        root = Path(__file__).parents[1]
        with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, text=True) as process:
            watchdog = threading.Timer(_START_SECONDS, process.kill)
            watchdog.start()
            try:
                line = process.stdout.readline() if process.stdout else ""
                watchdog.cancel()
                if not line:
                    raise RuntimeError("The table server did not start: run python -m benchmarks.table_server.")
                yield cls(int(line.rpartition(":")[2]))
            finally:
                watchdog.cancel()
                process.kill()  # it has nothing to save

    def stats(self) -> Stats:
        """Return the counts since the start or the last reset."""
        return msgspec.json.decode(self._control("GET", "/__stats"), type=Stats)

    def reset(self) -> None:
        """Set the counts to zero; tables and rows stay."""
        self._control("POST", "/__reset")

    def set_faults(self, faults: PartitionFaults) -> None:
        """Replace the faults from now on."""
        self._control("POST", "/__faults", msgspec.json.encode(faults))

    def load(self, table: str, entities: Iterable[dict[str, Any]]) -> None:
        """Create a table with rows, given as the service's JSON objects; this is not counted."""
        source = iter(entities)
        while chunk := list(itertools.islice(source, 5_000)):
            self._control("POST", f"/__rows/{table}", msgspec.json.encode(chunk))

    def generate(self, timeline: TimelineShape) -> None:
        """Replace the table of the time line by one whose rows are generated when they are read."""
        self._control("POST", "/__timeline", msgspec.json.encode(timeline))

    def _control(self, method: str, path: str, body: bytes | None = None) -> bytes:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body)
            return connection.getresponse().read()


@_command.command()
def main(
    port: Annotated[int, typer.Option(help="0 for a free one.")] = 0,
    latency_ms: Annotated[float, typer.Option(help="Added to each answer.")] = 0.0,
    *,
    store: Annotated[bool, typer.Option("--store", help="Keep rows, so that they can be read back.")] = False,
) -> None:
    """Serve a fast stand-in for a Table Storage endpoint."""
    asyncio.run(serve(port, latency=latency_ms / 1000, store=store))


if __name__ == "__main__":
    _command()
