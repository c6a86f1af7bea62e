"""A few things at once: bounded, in any order, and over with the first failure."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from acsevents.operations.at_once import for_each


async def _numbers(count: int, taken: list[int]) -> AsyncIterator[int]:
    for number in range(count):
        taken.append(number)
        yield number


async def test_every_thing_is_worked_on_and_no_more_than_so_many_at_once() -> None:
    """The stream is not read ahead of the work."""
    taken: list[int] = []
    done: list[int] = []
    most = 0

    async def work(number: int) -> None:
        nonlocal most
        await asyncio.sleep(0)
        most = max(most, len(taken) - len(done))
        done.append(number)

    await for_each(_numbers(100, taken), work, at_once=4)

    assert sorted(done) == list(range(100))
    assert most <= 5


async def test_the_first_failure_ends_everything() -> None:
    """What waits is cancelled, nothing new is begun, and the caller sees the failure itself."""
    taken: list[int] = []
    cancelled: list[int] = []

    async def work(number: int) -> None:
        if number == 3:
            raise LookupError
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(number)
            raise

    with pytest.raises(LookupError):
        await for_each(_numbers(100, taken), work, at_once=4)
    assert sorted(cancelled) == [0, 1, 2]
    assert len(taken) <= 5
