"""The budget of bytes: memory is bounded, and given out in order of arrival."""

import asyncio

import pytest

from shared.errors import Busy
from shared.storage.budget import Budget


async def turns(count: int = 5) -> None:
    """Let all ready tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)


def take(budget: Budget, size: int) -> asyncio.Task[int]:
    """Take bytes as a call does."""
    return asyncio.create_task(budget.take(size))


@pytest.mark.promise("Bounded")
async def test_callers_wait_while_there_is_no_room() -> None:
    """They continue in order of arrival; a small one does not overtake a large one."""
    budget = Budget(10)
    assert await budget.take(8) == 8
    large, small = take(budget, 5), take(budget, 1)
    await turns()
    assert not large.done()
    assert not small.done()

    budget.give_back(8)
    await turns()
    assert (large.done(), small.done(), budget.free) == (True, True, 4)


async def test_what_is_larger_than_the_whole_waits_until_it_is_alone() -> None:
    """A request larger than the budget gets the whole budget, so that no event waits forever."""
    budget = Budget(10)
    await budget.take(1)
    huge = take(budget, 1_000)
    await turns()
    assert not huge.done()

    budget.give_back(1)
    assert await huge == 10
    assert budget.free == 0


@pytest.mark.promise("Bounded")
async def test_a_waiter_who_is_cancelled_lets_the_next_one_in() -> None:
    """A large waiter that was cancelled does not block a small one behind it."""
    budget = Budget(10)
    await budget.take(4)
    large, small = take(budget, 9), take(budget, 6)
    await turns()
    large.cancel()
    await turns()

    assert small.done()
    assert budget.free == 0


async def test_a_waiter_cancelled_in_the_turn_that_gives_it_room_passes_it_on() -> None:
    """Its bytes are not lost."""
    budget = Budget(10)
    await budget.take(10)
    waiting, behind = take(budget, 10), take(budget, 10)
    await turns()
    budget.give_back(10)
    waiting.cancel()

    assert await behind == 10
    assert waiting.cancelled()
    assert budget.free == 0


@pytest.mark.promise("Bounded")
async def test_who_gets_no_room_until_the_deadline_is_refused() -> None:
    """And lets the next one in."""
    budget = Budget(10)
    await budget.take(4)
    large, small = asyncio.create_task(budget.take(9, asyncio.get_running_loop().time() + 0.02)), take(budget, 6)
    with pytest.raises(Busy):
        await large

    assert await small == 6
    assert budget.free == 0


@pytest.mark.promise("Bounded")
async def test_beyond_four_times_the_budget_nobody_may_wait() -> None:
    """Waiting texts take memory too, so further calls are refused at once, and Event Grid redelivers."""
    budget = Budget(10)
    await budget.take(10)
    waiting = [take(budget, 10) for _ in range(4)]
    await turns()
    with pytest.raises(Busy):
        await budget.take(1)

    for _ in waiting:
        budget.give_back(10)
        await turns()
    assert all(task.done() for task in waiting)
    budget.give_back(10)
    assert await budget.take(10) == 10
