"""The measured process, which runs a contender as the Python worker of Azure Functions runs an app.

`python -m benchmarks.worker CONTENDER CONNECTION_STRING PORT` takes invocations from a host's gRPC stream as the worker
does: a thread hands each message to the event loop, and the replies go back through a queue.

The host sends an order. Then either all events follow in one message, or each follows in its own message, which is
answered with one byte, and an empty message ends them. The last reply to an order is its cost.
"""

import argparse
import asyncio
import queue
import time
import traceback
from functools import partial
from pathlib import Path

import grpc
import msgspec

from benchmarks.contenders import CONTENDERS, Handle, HandleOf

STREAM = "/FunctionRpc/EventStream"
DONE, FAILED = b"+", b"-"
_Replies = queue.Queue[bytes | None]  # not the faster SimpleQueue: the worker uses this one


class Order(msgspec.Struct):
    """How to handle the events that follow.

    Attributes:
        function: the name of the function that handles them.
        at_once: how many to keep in flight once all have arrived; None hands each over as it arrives.
    """

    function: str
    at_once: int | None = None


class Usage(msgspec.Struct):
    """The cost of an order.

    Attributes:
        cpu_seconds: CPU of this process, all threads together.
        wall_seconds: wall-clock time.
        resident_kib: the resident memory after it.
    """

    cpu_seconds: float
    wall_seconds: float
    resident_kib: int


async def run(contender: str, connection_string: str, port: int) -> None:
    """Handle orders until the host ends the stream."""
    async with CONTENDERS[contender](connection_string) as handle_of:
        await asyncio.to_thread(_serve, handle_of, asyncio.get_running_loop(), port)


def _serve(handle_of: HandleOf, loop: asyncio.AbstractEventLoop, port: int) -> None:
    replies: _Replies = queue.Queue()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        stream: grpc.StreamStreamMultiCallable[bytes, bytes] = channel.stream_stream(STREAM)
        messages = stream(iter(replies.get, None))
        for content in messages:
            order = msgspec.json.decode(content, type=Order)
            handle = handle_of(order.function)
            if order.at_once is None:
                cpu, wall = time.process_time(), time.perf_counter()
                for event in iter(partial(next, messages), b""):
                    loop.call_soon_threadsafe(loop.create_task, _handle(handle, event.decode(), replies))
            else:
                work = _at_once(handle, msgspec.json.decode(next(messages), type=list[str]), order.at_once)
                cpu, wall = time.process_time(), time.perf_counter()
                asyncio.run_coroutine_threadsafe(work, loop).result()
            cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
            replies.put(msgspec.json.encode(Usage(cpu, wall, _resident_kib())))
        replies.put(None)


async def _handle(handle: Handle, text: str, replies: _Replies) -> None:
    try:
        await handle(text)
        replies.put_nowait(DONE)
    except Exception:  # noqa: BLE001  any error makes the figures invalid, and the host must know
        traceback.print_exc()
        replies.put_nowait(FAILED)


async def _at_once(handle: Handle, texts: list[str], in_flight: int) -> None:
    waiting = iter(texts)

    async def send() -> None:
        for text in waiting:
            await handle(text)

    async with asyncio.TaskGroup() as senders:
        for _ in range(in_flight):
            senders.create_task(send())


def _resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4


def main() -> None:
    """Run the contender that the arguments name."""
    # Not typer: the measured process would carry its modules in memory and through each full garbage collection.
    parser = argparse.ArgumentParser(description="A measured process; benchmarks.host feeds it.")
    parser.add_argument("contender", choices=CONTENDERS)
    parser.add_argument("connection_string")
    parser.add_argument("port", type=int)
    asked = parser.parse_args()
    asyncio.run(run(asked.contender, asked.connection_string, asked.port))


if __name__ == "__main__":
    main()
