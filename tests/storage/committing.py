"""Callers of a group commit, and how they end."""

import asyncio

from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row


async def turns(count: int = 10) -> None:
    """Let all ready tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)


def idle(commit: GroupCommit) -> bool:
    """Return whether no lane is left, and with it no task."""
    return not commit._lanes


def start(commit: GroupCommit, *rows: Row) -> asyncio.Task[None]:
    """Write rows as one invocation does."""
    return asyncio.create_task(commit.write(rows))


async def settled(*tasks: asyncio.Task[None]) -> list[type[BaseException] | None]:
    """Wait for callers and return how each ended."""
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    return [None if outcome is None else type(outcome) for outcome in outcomes]
