"""Turns: partitions that answer are not held up by partitions that do not, however many those are."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest

from shared.storage.turns import Partition, Turns

DEAD: Partition = ("T", "dead")


async def attempt(
    turns: Turns, partition: Partition, answer: Callable[[], Awaitable[None]], *, seconds: float = 4, within: float = 8
) -> str:
    """Make one attempt and tell how it ended."""
    turn = turns.turn(partition, seconds, asyncio.get_running_loop().time() + within)
    try:
        async with turn, asyncio.timeout_at(turn.ends) as time_left:
            turn.begins(lambda: time_left.reschedule(0))
            await answer()
            turn.answered()
    except TimeoutError:
        return "gave way" if turn.gave_way else "timed out"
    return "answered"


async def at_once() -> None:
    """Answer as a service does that has nothing else to do."""
    await asyncio.sleep(0.001)


async def never() -> None:
    """Answer nobody."""
    await asyncio.sleep(3600)


async def test_without_others_an_attempt_has_all_its_patience() -> None:
    """Nobody waits, so nobody is cut off."""
    began = time.monotonic()

    assert await attempt(Turns(), DEAD, never, seconds=0.3) == "timed out"
    assert time.monotonic() - began >= 0.3


@pytest.mark.promise("Bounded")
async def test_healthy_partitions_get_turns_beside_any_number_of_dead_ones() -> None:
    """Four hundred partitions that never answer hold the turns only until somebody wants them."""
    turns = Turns()
    dead = [asyncio.create_task(attempt(turns, ("T", f"dead{number}"), never)) for number in range(400)]
    await asyncio.sleep(0.05)
    async with asyncio.timeout(4):
        healthy = await asyncio.gather(*(attempt(turns, ("T", f"alive{number}"), at_once) for number in range(24)))
        again = await asyncio.gather(*(attempt(turns, ("T", f"alive{number}"), at_once) for number in range(24)))
    for task in dead:
        task.cancel()
    await asyncio.gather(*dead, return_exceptions=True)

    assert [*healthy, *again] == ["answered"] * 48


async def test_what_comes_before_the_request_is_no_partitions_fault() -> None:
    """Whoever still opens a connection is neither cut off for others nor suspected, and has its turn afterwards."""
    turns = Turns(most=2, for_suspects=1)
    deadline = asyncio.get_running_loop().time() + 8
    opening = turns.turn(("T", "opening"), 4, deadline)
    async with opening:
        waiting = asyncio.create_task(attempt(turns, ("T", "waiting"), at_once))
        await asyncio.sleep(0.3)
        assert not opening.gave_way
        opening.begins(asyncio.get_running_loop().stop)
        opening.answered()

    assert await waiting == "answered"

    late = turns.turn(("T", "late"), 0.02, deadline)
    with pytest.raises(TimeoutError):
        async with late, asyncio.timeout_at(late.ends):
            await never()

    assert turns.line_of(("T", "late")) is turns.line_of(("T", "waiting"))


async def test_a_suspect_has_all_patience_in_a_line_of_its_own_and_is_trusted_when_it_answers() -> None:
    """Giving way costs a partition nothing but its place."""
    turns = Turns(most=3, for_suspects=1)
    slow_answer = asyncio.Event()

    async def slowly() -> None:
        await slow_answer.wait()

    slow = [asyncio.create_task(attempt(turns, ("T", f"slow{number}"), slowly)) for number in range(2)]
    await asyncio.sleep(0)
    assert await attempt(turns, ("T", "alive"), at_once) == "answered"
    ended = [task for task in slow if task.done()]
    assert [task.result() for task in ended] == ["gave way"]

    suspect = ("T", f"slow{slow.index(ended[0])}")
    again = asyncio.create_task(attempt(turns, suspect, slowly))
    await asyncio.sleep(0.3)
    assert not again.done()
    assert turns.line_of(suspect) is not turns.line_of(("T", "alive"))
    slow_answer.set()
    assert await again == "answered"
    assert turns.line_of(suspect) is turns.line_of(("T", "alive"))
    await asyncio.gather(*slow)


async def test_waiting_for_a_turn_is_not_charged_to_the_attempt() -> None:
    """Only the deadline of the whole bounds it."""
    turns = Turns(most=2, for_suspects=1)
    first = asyncio.create_task(attempt(turns, ("T", "first"), lambda: asyncio.sleep(0.09)))
    await asyncio.sleep(0)

    assert await attempt(turns, ("T", "second"), lambda: asyncio.sleep(0.05), seconds=0.08) == "answered"
    assert await first == "answered"


async def test_who_gets_no_turn_until_the_deadline_gives_up() -> None:
    """With a TimeoutError, and without a turn that would be lost."""
    turns = Turns(most=2, for_suspects=1)
    turns.suspect(("T", "one"))
    turns.suspect(("T", "two"))
    holder = asyncio.create_task(attempt(turns, ("T", "one"), lambda: asyncio.sleep(0.2)))
    await asyncio.sleep(0)

    assert await attempt(turns, ("T", "two"), at_once, within=0.05) == "timed out"
    assert await holder == "answered"
    assert await attempt(turns, ("T", "two"), at_once) == "answered"


async def test_a_cancelled_attempt_gives_its_turn_back() -> None:
    """Also one that was still waiting for it."""
    turns = Turns(most=2, for_suspects=1)
    holder = asyncio.create_task(attempt(turns, ("T", "a"), never))
    await asyncio.sleep(0)
    waiting = asyncio.create_task(attempt(turns, ("T", "b"), never))
    await asyncio.sleep(0)
    waiting.cancel()
    holder.cancel()
    await asyncio.gather(holder, waiting, return_exceptions=True)

    assert await attempt(turns, ("T", "c"), at_once) == "answered"
    assert not turns.under_way


async def test_a_service_that_is_slow_for_all_is_not_cut_off() -> None:
    """What is usual is learned: when all answers take long, long is not suspicious."""
    turns = Turns(most=3, for_suspects=1)
    for _ in range(20):
        turns.has_answered(("T", "any"), 0.2)
    outcomes = await asyncio.gather(
        *(attempt(turns, ("T", str(number)), lambda: asyncio.sleep(0.2)) for number in range(6))
    )

    assert outcomes == ["answered"] * 6


async def test_the_memory_of_suspects_is_bounded() -> None:
    """The oldest is forgotten: it is a newcomer again."""
    turns = Turns()
    for number in range(10_001):
        turns.suspect(("T", str(number)))

    assert turns.line_of(("T", "0")) is not turns.line_of(("T", "1"))
