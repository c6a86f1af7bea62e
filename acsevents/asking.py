"""Questions of the command line to the tables."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from acsevents.settings import load_settings
from shared.lookups import Lookups
from shared.storage.settings import read_settings

Answer = TypeVar("Answer")


def ask(question: Callable[[Lookups], Awaitable[Answer]]) -> Answer:
    """Ask the tables that the settings name."""
    return asyncio.run(_ask(question))


async def _ask(question: Callable[[Lookups], Awaitable[Answer]]) -> Answer:
    load_settings(Path())
    async with Lookups(read_settings(os.environ)) as lookups:
        return await question(lookups)
