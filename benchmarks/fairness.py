"""Measure calls of healthy numbers while other partitions hang, lag or refuse.

`python -m benchmarks.fairness SCENARIO PORT` runs one scenario. Each has its own process and its own stand-in.
"""

import asyncio
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager

import msgspec

from benchmarks.contenders import Handle, this_app
from benchmarks.events import OWN_NUMBER, sms_reports
from benchmarks.partition_faults import PartitionFaults
from benchmarks.table_server import TableServer
from shared.catalogue import SMS
from shared.errors import StorageError

DEAD = 400
OFFERED_PER_SECOND, TAKEN_PER_SECOND = 700.0, 330.0
HEALTHY = 24
IN_TIME_SECONDS = 2.0
STEADY_AFTER_SECONDS, STEADY_SECONDS = 12.0, 11.0
_ROWS_PER_EVENT = 3
_TICK_SECONDS = 0.02
_MOST_TICKS_MADE_UP = 5
_HEALTHY_OVER_SECONDS = 10.0
_WARM_UP = 50
_LONGEST_SECONDS = 120.0


class Fairness(msgspec.Struct):
    """The outcome of the calls.

    Attributes:
        in_time: how many of the healthy calls succeeded within two seconds.
        slowest_seconds: time of the slowest healthy call; infinite if one failed.
        acknowledged: of the rows written in the steady state, the share whose calls succeeded; None if all hang.
        offered_per_second: calls of the overloaded number in the steady state.
        succeeded_per_second: the calls that succeeded.
    """

    in_time: int
    slowest_seconds: float | None
    acknowledged: float | None = None
    offered_per_second: float | None = None
    succeeded_per_second: float | None = None


class Calls:
    """The running calls, and counts of those offered and those that succeeded."""

    def __init__(self, handle: Handle) -> None:
        self._handle = handle
        self._tasks: set[asyncio.Task[float | None]] = set()
        self.offered = 0
        self.succeeded = 0

    def start(self, text: str) -> asyncio.Task[float | None]:
        """Start a call; its result is the seconds that it took, None if it failed because of storage."""
        task = asyncio.create_task(self._call(text))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _call(self, text: str) -> float | None:
        loop = asyncio.get_running_loop()
        start = loop.time()
        try:
            await self._handle(text)
        except StorageError:
            return None
        self.succeeded += 1
        return loop.time() - start

    async def offer(self, make: Callable[[int], str], per_second: float) -> None:
        """Start calls at a rate, whatever their outcome, until cancelled; fewer if the machine is busy."""
        loop = asyncio.get_running_loop()
        last = loop.time()
        credit = 0.0
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            now = loop.time()
            credit += min(now - last, _MOST_TICKS_MADE_UP * _TICK_SECONDS) * per_second
            last = now
            while credit >= 1:
                self.start(make(self.offered))
                self.offered += 1
                credit -= 1


async def with_dead_partitions(handle: Handle, server: TableServer) -> Fairness:
    """Measure healthy calls while 400 numbers hang, each with one call at once and more later."""
    numbers = [f"1555556{number:04}" for number in range(DEAD)]
    server.set_faults(PartitionFaults(hung=frozenset(f"+{number}" for number in numbers)))
    calls = Calls(handle)
    for number in numbers:
        calls.start(_report(0, number))
    async with _offered(Calls(handle), lambda n: _report(1 + n // DEAD, numbers[n % DEAD]), DEAD / 4):
        return _judge(await _healthy(Calls(handle)))


async def with_a_slow_partition(handle: Handle, server: TableServer) -> Fairness:
    """Measure healthy calls while one number gets twice the load that its partition takes, and answers late."""
    return await _with_overload(handle, server, busy=False)


async def with_a_busy_partition(handle: Handle, server: TableServer) -> Fairness:
    """Measure healthy calls while one number gets twice the load that its partition takes; it refuses half with 503."""
    return await _with_overload(handle, server, busy=True)


async def _with_overload(handle: Handle, server: TableServer, *, busy: bool) -> Fairness:
    server.set_faults(PartitionFaults(rows_per_second={f"+{OWN_NUMBER}": TAKEN_PER_SECOND}, busy=busy))
    loop = asyncio.get_running_loop()
    overload, healthy = Calls(handle), Calls(handle)
    async with _offered(overload, lambda number: _report(number, OWN_NUMBER), OFFERED_PER_SECOND):
        await asyncio.sleep(STEADY_AFTER_SECONDS)
        start, offered, succeeded = loop.time(), overload.offered, overload.succeeded
        written = await _written(server)
        seconds, _ = await asyncio.gather(_healthy(healthy), asyncio.sleep(STEADY_SECONDS))
        written = await _written(server) - written - _ROWS_PER_EVENT * healthy.succeeded
        offered, succeeded = overload.offered - offered, overload.succeeded - succeeded
        lasted = loop.time() - start
    judged = _judge(seconds)
    judged.acknowledged = min(1.0, _ROWS_PER_EVENT * succeeded / written) if written else 0.0
    judged.offered_per_second, judged.succeeded_per_second = offered / lasted, succeeded / lasted
    return judged


async def _healthy(calls: Calls) -> list[float | None]:
    """Make a call for each healthy number, one after the other, at irregular intervals."""
    tasks = []
    for number in range(HEALTHY):
        await asyncio.sleep(random.uniform(0.5, 1.5) * _HEALTHY_OVER_SECONDS / HEALTHY)
        tasks.append(calls.start(_report(0, f"1555557{number:04}")))
    return await asyncio.gather(*tasks)


def _judge(seconds: list[float | None]) -> Fairness:
    took = [one for one in seconds if one is not None]
    in_time = sum(one <= IN_TIME_SECONDS for one in took)
    return Fairness(in_time, max(took) if len(took) == len(seconds) else None)


@asynccontextmanager
async def _offered(calls: Calls, make: Callable[[int], str], per_second: float) -> AsyncIterator[None]:
    offering = asyncio.create_task(calls.offer(make, per_second))
    yield
    offering.cancel()


async def _written(server: TableServer) -> int:
    return await asyncio.to_thread(lambda: server.stats().rows)


def _report(number: int, own: str) -> str:
    return next(sms_reports(1, first=number, own=own))


SCENARIOS = {
    f"{DEAD} dead partitions": with_dead_partitions,
    "an overloaded partition, answering late": with_a_slow_partition,
    "an overloaded partition, refusing with 503": with_a_busy_partition,
}


def measure() -> dict[str, Fairness]:
    """Run the first scenario, then the others in parallel, since they mostly wait."""
    first, *others = SCENARIOS
    return _measure(first) | _measure(*others)


def _measure(*names: str) -> dict[str, Fairness]:
    with ExitStack() as stack:
        processes = {}
        for name in names:
            server = stack.enter_context(TableServer.start(latency=0.002))
            command = [sys.executable, "-m", "benchmarks.fairness", name, str(server.port)]
            process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
            stack.callback(process.kill)
            processes[name] = process
        return {
            name: msgspec.json.decode(process.communicate(timeout=_LONGEST_SECONDS)[0], type=Fairness)
            for name, process in processes.items()
        }


async def _run(name: str, port: int) -> Fairness:
    server = TableServer(port)
    async with this_app(server.connection_string) as handle_of:
        handle = handle_of(SMS.function)
        for number in range(_WARM_UP):
            await handle(_report(number, "15555580000"))
        return await SCENARIOS[name](handle, server)


def main() -> None:
    """Run the scenario named by the arguments."""
    fairness = asyncio.run(_run(sys.argv[1], int(sys.argv[2])))
    sys.stdout.buffer.write(msgspec.json.encode(fairness))


if __name__ == "__main__":
    main()
