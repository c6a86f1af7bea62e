"""Run queries of the command line."""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from acsevents.loop import run
from acsevents.output import note
from acsevents.progress import progress
from acsevents.running import FOLDER, find
from acsevents.settings import load_settings
from shared.lookups import Lookups
from shared.storage.account import Account
from shared.storage.connection_string import parse_connection_string
from shared.storage.settings import CONNECTIONS, read_settings

Answer = TypeVar("Answer")


def ask(question: Callable[[Lookups], Awaitable[Answer]], *, counted: bool = False) -> Answer:
    """Run a query on the tables that the settings name; print notes to stderr.

    Args:
        question: the query.
        counted: whether to show how many rows were read, for queries that print nothing until the end.
    """
    return run(lambda: _ask(question, counted=counted))


async def _ask(question: Callable[[Lookups], Awaitable[Answer]], *, counted: bool) -> Answer:
    async with Lookups(account(), note) as lookups:
        with progress("reading rows", shown=counted) as lookups.count:
            return await question(lookups)


def account() -> Account:
    """Return the account of the environment, else of a running `up`, else of local.settings.json.

    Raises:
        SettingsError: none of them has an account.
    """
    running = find()
    if running and not any(value and name.startswith(CONNECTIONS) for name, value in os.environ.items()):
        note(f"using the tables of `acsevents up` in {FOLDER}")
        return parse_connection_string(running.tables)
    load_settings(Path())
    return read_settings(os.environ)
