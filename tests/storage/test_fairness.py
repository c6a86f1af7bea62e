"""Fairness over real HTTP: one owner's trouble delays no other owner's calls, and what is written is acknowledged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from shared import sink as sink_module
from shared.errors import StorageError
from shared.sink import Recorded, Sink
from shared.storage import lane
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Patience, Tables
from tests.storage.events import sms
from tests.storage.misbehaving import MisbehavingServer, Request, Script, Step, answer, hang, transaction

TROUBLED = b"%2B1666"  # what the numbers in trouble begin with, as paths have them


def _rows(request: Request) -> int:
    return max(1, request.body.count(b"\r\nPUT "))


def _is_troubled(request: Request) -> bool:
    """Return whether a request concerns an unresponsive number; `Timeline`, which is shared, does not count."""
    paths = request.target.encode() + request.body
    return TROUBLED in paths and b"Timeline(" not in paths


def _written(request: Request) -> Step:
    return answer(204) if request.method == "PUT" else transaction(*[204] * _rows(request))


@asynccontextmanager
async def opened(script: Script, patience: Patience) -> AsyncIterator[tuple[Sink, MisbehavingServer]]:
    """Open a sink on a server with a script."""
    async with MisbehavingServer.start(script) as server:
        tables = Tables(server.account, patience)
        store = GroupCommit(tables)
        try:
            yield Sink(store), server
        finally:
            await store.close()
            await tables.close()


async def _receive(sink: Sink, number: str, name: str) -> bool:
    """Return whether an event of a number was acknowledged."""
    try:
        return isinstance(await sink.receive(sms(name, to=number), function="sms_events"), Recorded)
    except StorageError:
        return False


@pytest.mark.promise("Bounded")
async def test_healthy_numbers_do_not_wait_for_four_hundred_dead_ones() -> None:
    """They are all acknowledged before the unresponsive ones time out."""
    patience = Patience(attempts=2, attempt=10, whole=12)
    async with opened(lambda request: hang if _is_troubled(request) else _written(request), patience) as (sink, server):
        dead = [asyncio.create_task(_receive(sink, f"+1666{number:07}", f"dead{number}")) for number in range(400)]
        await server.hears(40)
        healthy = await asyncio.gather(*(_receive(sink, f"+1777{number:07}", f"alive{number}") for number in range(24)))
        ended = sum(task.done() for task in dead)
        for task in dead:
            task.cancel()
        await asyncio.gather(*dead, return_exceptions=True)

    assert healthy == [True] * 24
    assert ended == 0


@pytest.mark.promise("Bounded")
async def test_what_is_written_under_overload_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Excess load on a partition is refused early, and another partition is not affected."""
    monkeypatch.setattr(sink_module, "ANSWER_WITHIN_SECONDS", 3.0)
    monkeypatch.setattr(lane, "MOST_ROWS", 10)  # a transaction takes a tenth of a call's time, as it does when deployed
    written = 0

    def slowly(request: Request) -> Step:
        if not _is_troubled(request):
            return _written(request)

        async def after_a_while(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            nonlocal written
            await asyncio.sleep(0.03 * _rows(request))
            written += _rows(request)
            await _written(request)(reader, writer)

        return after_a_while

    async with opened(slowly, Patience()) as (sink, _):
        calls, neighbours = [], []
        for number in range(800):  # some hundred a second; its two partitions take 33 rows a second each
            calls.append(asyncio.create_task(_receive(sink, "+16660000000", f"m{number}")))
            if number % 50 == 0:
                neighbours.append(asyncio.create_task(_receive(sink, "+17770000000", f"n{number}")))
            await asyncio.sleep(0.005)
        acknowledged = sum(await asyncio.gather(*calls))
        undisturbed = await asyncio.gather(*neighbours)

    assert undisturbed == [True] * len(neighbours)
    assert 0 < acknowledged < len(calls)
    assert 2 * acknowledged >= 0.8 * written
