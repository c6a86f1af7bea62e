"""Feed a measured process over a gRPC stream, as the Functions host feeds its worker."""

import contextlib
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, Self

import grpc
import msgspec

from benchmarks import cores
from benchmarks.worker import DONE, STREAM, Order, Usage

_START_SECONDS = 60.0
_LONGEST_SECONDS = 120.0  # limit for one order


class OrderCost(msgspec.Struct):
    """The cost of one order.

    Attributes:
        cpu_ms: CPU of the measured process per event.
        wall_ms: time per event; with one in flight, how long an event takes.
        resident_kib: the resident memory of the process at the end.
    """

    cpu_ms: float
    wall_ms: float
    resident_kib: int


class Worker:
    """A measured process; `with Worker.start("this app", connection_string) as worker:` starts and stops it."""

    def __init__(self, process: subprocess.Popen[bytes], stream: "_Stream") -> None:
        self._process = process
        self._messages = stream.messages
        self._replies: Iterator[bytes] = stream.opened.get(timeout=_START_SECONDS)

    @classmethod
    @contextlib.contextmanager
    def start(cls, contender: str, connection_string: str) -> Iterator[Self]:
        """Run a contender during a `with` block."""
        stream = _Stream()
        server = grpc.server(ThreadPoolExecutor(1), handlers=[stream])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        command = [sys.executable, "-m", "benchmarks.worker", contender, connection_string, str(port)]
        with subprocess.Popen(command) as process:
            try:
                yield cls(process, stream)
            finally:
                process.kill()  # it has nothing to save
                stream.messages.put(None)
                server.stop(None)

    def at_once(self, function: str, texts: Sequence[str], in_flight: int) -> OrderCost:
        """Hand over all events first, then have them handled with a fixed number in flight."""
        with self._order(Order(function, at_once=in_flight), cores.MEASURED):
            self._messages.put(msgspec.json.encode(texts))
            return self._cost(len(texts))

    def one_by_one(
        self, function: str, texts: Sequence[str], in_flight: int, on: frozenset[int] = cores.MEASURED
    ) -> OrderCost:
        """Hand over events one by one, and another for each reply, to keep a fixed number in flight."""
        messages = (text.encode() for text in texts)
        with self._order(Order(function), on):
            for message in islice(messages, in_flight):
                self._messages.put(message)
            for _ in texts:
                if next(self._replies) != DONE:
                    raise RuntimeError("an event failed: the figures are invalid")
                for message in islice(messages, 1):
                    self._messages.put(message)
            self._messages.put(b"")
            return self._cost(len(texts))

    @contextlib.contextmanager
    def _order(self, order: Order, on: frozenset[int]) -> Iterator[None]:
        cores.pin(self._process.pid, on)
        watchdog = threading.Timer(_LONGEST_SECONDS, self._process.kill)
        watchdog.start()
        try:
            self._messages.put(msgspec.json.encode(order))
            yield
        finally:
            watchdog.cancel()

    def _cost(self, events: int) -> OrderCost:
        spent = msgspec.json.decode(next(self._replies), type=Usage)
        return OrderCost(spent.cpu_seconds * 1000 / events, spent.wall_seconds * 1000 / events, spent.resident_kib)


class _Stream(grpc.GenericRpcHandler):
    """The one stream that a worker opens, for messages to it and its replies."""

    def __init__(self) -> None:
        self.messages: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.opened: queue.SimpleQueue[Iterator[bytes]] = queue.SimpleQueue()

    def service(self, handler_call_details: Any) -> Any:
        """Return the handler of the worker's call."""
        return grpc.stream_stream_rpc_method_handler(self._stream) if handler_call_details.method == STREAM else None

    def _stream(self, replies: Iterator[bytes], _context: Any) -> Iterator[bytes]:
        self.opened.put(replies)
        return iter(self.messages.get, None)
