"""Calls that overlap, fail and are cancelled at random: each ends, and what is acknowledged is stored."""

import asyncio
import random
from collections.abc import Sequence

import pytest

from shared.decoder import decode
from shared.errors import RowRefused, StorageError
from shared.rows.records import record_rows
from shared.sink import DeadLettered, Recorded, Sink
from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row
from tests.storage.events import sms

_CALLS = 80
_WAITING_BYTES = 100_000  # room for a few calls at a time

Place = tuple[str, str, str]


class Unreliable:
    """A writer that takes its time, and refuses or fails at random."""

    def __init__(self, rng: random.Random) -> None:
        self.stored: set[Place] = set()
        self._rng = rng

    async def upsert(self, row: Row) -> None:
        """Write one row."""
        await self.upsert_together([row])

    async def upsert_together(self, rows: Sequence[Row]) -> None:
        """Write rows, all or none."""
        await asyncio.sleep(self._rng.choice((0, 0, 0.001, 0.003)))
        chance = self._rng.random()
        if chance < 0.1:
            raise RowRefused("InvalidInput")
        if chance < 0.3:
            raise StorageError("503")
        self.stored |= {(*row.lane, row.row_key) for row in rows}


@pytest.mark.promise("Kept")
@pytest.mark.parametrize("seed", range(25))
async def test_every_call_ends_and_what_is_acknowledged_is_stored(seed: int) -> None:
    """Whatever the order of arrivals, cancellations and failures; at the end nothing is left in memory."""
    rng = random.Random(seed)
    writer = Unreliable(rng)
    store = GroupCommit(writer, waiting_bytes=_WAITING_BYTES)
    sink = Sink(store)

    async def call(number: int) -> tuple[str, Recorded | DeadLettered]:
        await asyncio.sleep(rng.choice((0, 0, 0.001, 0.005, 0.02)))
        text = sms(f"m-{number}", to=f"+1555555010{number % 3}") if rng.random() < 0.9 else f"broken {number}"
        return text, await sink.receive(text, function="sms_events")

    calls = [asyncio.create_task(call(number)) for number in range(_CALLS)]
    for cancelled in rng.sample(calls, 15):
        asyncio.get_running_loop().call_later(rng.uniform(0, 0.03), cancelled.cancel)
    async with asyncio.timeout(15):
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        await store.close()

    assert all(isinstance(outcome, tuple | StorageError | asyncio.CancelledError) for outcome in outcomes)
    for outcome in outcomes:
        if isinstance(outcome, tuple) and isinstance(outcome[1], Recorded):
            assert writer.stored >= {row.place for row in record_rows(decode(outcome[0]))}
    letters = sum(isinstance(outcome, tuple) and isinstance(outcome[1], DeadLettered) for outcome in outcomes)
    assert sum(table == "DeadLetters" for table, _, _ in writer.stored) >= letters
    assert store._budget.free == _WAITING_BYTES
    assert not store._lanes
