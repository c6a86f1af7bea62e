"""Each chaos switch does what its name says, and none of them loses an event."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsevents.local.event_grid import Chaos
from acsevents.local.event_grid.batches import Pending
from acsevents.local.event_grid.delivery import Delivery
from acsevents.local.event_grid.events import Event
from acsevents.local.event_grid.schedule import Outcome
from acsevents.local.event_grid.webhook import Webhook
from tests.event_grid.rehearsal import FAST, dead_letters, event, post, rehearsal, subscription

IDS = [str(number) for number in range(40)]


async def _run(folder: Path, chaos: Chaos, **options: Any) -> tuple[Any, Any]:
    async with rehearsal(folder, subscription(batch=20), chaos=chaos, **options) as (grid, host):
        await post(grid, [event(event_id) for event_id in IDS])
        await grid.drain(30)
    return grid, host


async def test_all_switches_are_off_by_default(tmp_path: Path) -> None:
    """Without chaos, events arrive once, in order, in full batches."""
    _, host = await _run(tmp_path, Chaos())

    assert [call.ids for call in host.calls] == [IDS[:20], IDS[20:]]


async def test_duplicate_delivers_twice_and_counts_once(tmp_path: Path) -> None:
    """Each event arrives twice and is counted once."""
    grid, host = await _run(tmp_path, Chaos(duplicate=1))

    assert sorted(host.delivered) == sorted(IDS * 2)
    assert grid.counts["delivered"] == len(IDS)


async def test_reorder_changes_the_order_only(tmp_path: Path) -> None:
    """Every event arrives once, but batches begin anywhere in the queue and are shuffled."""
    _, host = await _run(tmp_path, Chaos(seed=1, reorder=1))

    first = [int(event_id) for event_id in host.calls[0].ids]
    assert [(number - first[0]) % len(IDS) for number in first] != list(range(len(first)))
    assert set(first) != set(range(len(first)))
    assert sorted(host.delivered) == sorted(IDS)


async def test_drop_reply_redelivers_what_was_accepted(tmp_path: Path) -> None:
    """The webhook accepts; Event Grid counts a time-out and delivers again, until it dead-letters."""
    few = subscription(batch=20, policy={"max_delivery_attempts": 3})
    async with rehearsal(tmp_path, few, chaos=Chaos(drop_reply=1)) as (grid, host):
        await post(grid, [event("1")])
        await grid.drain(10)

    assert host.delivered == ["1", "1", "1"]
    assert [letter["lastDeliveryOutcome"] for letter in dead_letters(tmp_path)] == ["TimedOut"]


async def test_split_makes_smaller_batches(tmp_path: Path) -> None:
    """Batches are split down to single events; none is lost or duplicated."""
    _, host = await _run(tmp_path, Chaos(split=1))

    assert sorted(host.delivered) == sorted(IDS)
    assert max(len(call.ids) for call in host.calls) < 20


@pytest.mark.parametrize(("merge", "expected"), [(0, [["1", "2"], ["3"], ["4"]]), (1, [["1", "2", "3", "4"]])])
async def test_merge_puts_failed_events_into_other_batches(merge: float, expected: list[list[str]]) -> None:
    """Failed batches come again unchanged; with the switch, their events join other waiting events."""
    now, busy = datetime.now(UTC), Outcome("Busy", 500)
    one, two, three, four = (
        Pending(Event("EventGridSchema", id=name, type="T", subject="", text=b"{}", version="1"), now)
        for name in "1234"
    )
    delivery = Delivery(
        subscription(batch=20),
        webhook=cast("Webhook", None),  # nothing is sent
        letters=None,
        chaos=Chaos(merge=merge),
        time_scale=FAST,
        notify=lambda _notice: None,
    )
    for failed in ([one, two], [three]):
        for pending in failed:
            pending.attempts = 1
        await delivery._retry(failed, busy)
    delivery.enqueue(four)

    batches = []
    while delivery._due or delivery._waiting:
        batches.append([pending.event.id for pending in delivery._next()])
    assert batches == expected


async def test_delay_lets_later_deliveries_overtake(tmp_path: Path) -> None:
    """Delayed deliveries arrive in another order, each once."""
    async with rehearsal(tmp_path, chaos=Chaos(seed=3, delay=1), time_scale=0.01) as (grid, host):
        await post(grid, [event(event_id) for event_id in IDS])
        await grid.drain(30)

    assert host.delivered != IDS
    assert sorted(host.delivered) == sorted(IDS)


@pytest.mark.parametrize("seed", range(5))
async def test_under_all_chaos_at_once_no_event_is_lost(tmp_path: Path, seed: int) -> None:
    """With all switches on, every event is delivered or dead-lettered, and the counts add up."""
    chaos = Chaos(seed=seed, duplicate=0.3, reorder=0.5, delay=0.3, drop_reply=0.3, split=0.3, merge=0.5)
    async with rehearsal(tmp_path, subscription(batch=7), chaos=chaos) as (grid, host):
        host.answer = lambda number, _call: 400 if number == 3 else 500 if number % 3 == 0 else 202
        for event_id in IDS:
            await post(grid, [event(event_id)])
        await grid.drain(30)

    counts, dead = grid.counts, [letter["id"] for letter in dead_letters(tmp_path)]
    assert set(host.delivered) == set(IDS)
    assert counts["matched"] == len(IDS) == counts["delivered"] + counts["dead_lettered"]
    assert len(dead) == counts["dead_lettered"]


@given(seed=st.integers(), probability=st.floats(min_value=0.01, max_value=0.99))
def test_a_seed_repeats_its_choices(seed: int, probability: float) -> None:
    """A seed gives the same choices for a switch, whichever others are off."""
    first, second = (Chaos(seed=seed, duplicate=probability) for _ in range(2))
    strikes = [first.strikes("duplicate") for _ in range(20)]

    assert [not second.strikes("delay") and second.strikes("duplicate") for _ in range(20)] == strikes
