"""Work on the items of a stream, a few at a time."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final, TypeVar

AT_ONCE: Final = 32

Thing = TypeVar("Thing")


async def for_each(
    things: AsyncIterator[Thing], work: Callable[[Thing], Awaitable[None]], *, at_once: int = AT_ONCE
) -> None:
    """Do the work on every item, and read no more items ahead than can be worked on.

    The first failure cancels all running work and is raised.
    """
    under_way: set[asyncio.Task[None]] = set()
    try:
        async for thing in things:
            while len(under_way) >= at_once:
                under_way = await _wait_for_one(under_way)
            under_way.add(asyncio.ensure_future(_do(work, thing)))
        while under_way:
            under_way = await _wait_for_one(under_way)
    finally:
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def _do(work: Callable[[Thing], Awaitable[None]], thing: Thing) -> None:
    await work(thing)


async def _wait_for_one(under_way: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    done, left = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()
    return left
