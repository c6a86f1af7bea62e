"""Slots: partitions that answer are not delayed by any number of partitions that do not."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from shared.storage.slots import PartitionKey, Slot, Slots

DEAD = "dead"


@asynccontextmanager
async def taken(slot: Slot) -> AsyncIterator[None]:
    """Take a slot, or wait for it, as the tables do."""
    if not slot.take_free():
        await slot.wait()
    with slot:
        yield


async def attempt(
    slots: Slots,
    partition: PartitionKey,
    answer: Callable[[], Awaitable[None]],
    *,
    seconds: float = 4,
    within: float = 8,
) -> str:
    """Make one attempt and return how it ended."""
    slot = slots.slot(partition, seconds, asyncio.get_running_loop().time() + within)
    try:
        async with taken(slot), asyncio.timeout_at(slot.ends) as time_left:
            slot.begins(lambda: time_left.reschedule(0))
            await answer()
            slot.answered()
    except TimeoutError:
        return "gave way" if slot.gave_way else "timed out"
    return "answered"


async def at_once() -> None:
    """Answer at once."""
    await asyncio.sleep(0.001)


async def never() -> None:
    """Never answer."""
    await asyncio.sleep(3600)


async def test_without_others_an_attempt_has_all_its_patience() -> None:
    """If nobody waits, no attempt is cut off."""
    began = time.monotonic()

    assert await attempt(Slots(), DEAD, never, seconds=0.3) == "timed out"
    assert time.monotonic() - began >= 0.3


@pytest.mark.promise("Bounded")
async def test_healthy_partitions_get_turns_beside_any_number_of_dead_ones() -> None:
    """Four hundred unresponsive partitions hold slots only until others need them."""
    slots = Slots()
    dead = [asyncio.create_task(attempt(slots, f"dead{number}", never)) for number in range(400)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(4):
        healthy = await asyncio.gather(*(attempt(slots, f"alive{number}", at_once) for number in range(24)))
        again = await asyncio.gather(*(attempt(slots, f"alive{number}", at_once) for number in range(24)))
    for task in dead:
        task.cancel()
    await asyncio.gather(*dead, return_exceptions=True)

    assert [*healthy, *again] == ["answered"] * 48


async def test_what_comes_before_the_request_is_no_partitions_fault() -> None:
    """An attempt that is still connecting is neither cut off nor makes its partition a suspect."""
    slots = Slots(most=2, for_suspects=1)
    deadline = asyncio.get_running_loop().time() + 8
    opening = slots.slot("opening", 4, deadline)
    async with taken(opening):
        waiting = asyncio.create_task(attempt(slots, "waiting", at_once))
        await asyncio.sleep(0.3)
        assert not opening.gave_way
        opening.begins(asyncio.get_running_loop().stop)
        opening.answered()

    assert await waiting == "answered"

    late = slots.slot("late", 0.02, deadline)
    with pytest.raises(TimeoutError):
        async with taken(late), asyncio.timeout_at(late.ends):
            await never()

    assert slots.quota_of("late") is slots.quota_of("waiting")


async def test_a_suspect_has_all_patience_in_a_quota_of_its_own_and_is_trusted_when_it_answers() -> None:
    """An attempt of a suspect is not cut off, and an answer ends the suspicion."""
    slots = Slots(most=3, for_suspects=1)
    slow_answer = asyncio.Event()

    async def slowly() -> None:
        await slow_answer.wait()

    slow = [asyncio.create_task(attempt(slots, f"slow{number}", slowly)) for number in range(2)]
    await asyncio.sleep(0)
    assert await attempt(slots, "alive", at_once) == "answered"
    ended = [task for task in slow if task.done()]
    assert [task.result() for task in ended] == ["gave way"]

    suspect = f"slow{slow.index(ended[0])}"
    again = asyncio.create_task(attempt(slots, suspect, slowly))
    await asyncio.sleep(0.3)
    assert not again.done()
    assert slots.quota_of(suspect) is not slots.quota_of("alive")
    slow_answer.set()
    assert await again == "answered"
    assert slots.quota_of(suspect) is slots.quota_of("alive")
    await asyncio.gather(*slow)


@pytest.mark.promise("Bounded")
@pytest.mark.parametrize("for_suspects", [1, 3])
async def test_who_waits_is_moved_to_the_line_that_the_owner_belongs_to_by_now(for_suspects: int) -> None:
    """An owner has a row in several tables: when one of them is cut off, the other holds nobody up, either."""
    slots = Slots(most=for_suspects + 1, for_suspects=for_suspects)
    slots.suspect("suspect")
    busy = asyncio.create_task(attempt(slots, "suspect", lambda: asyncio.sleep(0.3)))
    first = asyncio.create_task(attempt(slots, DEAD, never, seconds=0.4))
    await asyncio.sleep(0)
    other_table = asyncio.create_task(attempt(slots, DEAD, never, seconds=0.4))
    await asyncio.sleep(0)
    alive = asyncio.create_task(attempt(slots, "alive", at_once))

    assert await alive == "answered"
    assert await first == "gave way"
    assert not other_table.done()
    assert await busy == "answered"
    assert await other_table == "timed out"


async def test_waiting_for_a_turn_is_not_charged_to_the_attempt() -> None:
    """Only the deadline limits it."""
    slots = Slots(most=2, for_suspects=1)
    first = asyncio.create_task(attempt(slots, "first", lambda: asyncio.sleep(0.09)))
    await asyncio.sleep(0)

    assert await attempt(slots, "second", lambda: asyncio.sleep(0.05), seconds=0.08) == "answered"
    assert await first == "answered"


async def test_who_gets_no_turn_until_the_deadline_gives_up() -> None:
    """With a TimeoutError, and without losing a slot."""
    slots = Slots(most=2, for_suspects=1)
    slots.suspect("one")
    slots.suspect("two")
    holder = asyncio.create_task(attempt(slots, "one", lambda: asyncio.sleep(0.2)))
    await asyncio.sleep(0)

    assert await attempt(slots, "two", at_once, within=0.05) == "timed out"
    assert await holder == "answered"
    assert await attempt(slots, "two", at_once) == "answered"


async def test_a_cancelled_attempt_gives_its_turn_back() -> None:
    """Even if it was still waiting for one."""
    slots = Slots(most=2, for_suspects=1)
    holder = asyncio.create_task(attempt(slots, "a", never))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(attempt(slots, "b", never))
    await asyncio.sleep(0)
    waiting.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiting, return_exceptions=True)

    assert await attempt(slots, "c", at_once) == "answered"
    assert not slots.under_way


async def test_a_service_that_is_slow_for_all_is_not_cut_off() -> None:
    """The usual time is measured: if all responses are slow, none is suspicious."""
    slots = Slots(most=3, for_suspects=1)
    for _ in range(20):
        slots.has_answered("any", 0.2)
    outcomes = await asyncio.gather(*(attempt(slots, str(number), lambda: asyncio.sleep(0.2)) for number in range(6)))

    assert outcomes == ["answered"] * 6


async def test_the_memory_of_suspects_is_bounded() -> None:
    """The oldest suspect is forgotten."""
    slots = Slots()
    for number in range(10_001):
        slots.suspect(str(number))

    assert slots.quota_of("0") is not slots.quota_of("1")
