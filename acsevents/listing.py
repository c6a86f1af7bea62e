"""The code that `numbers`, `threads` and `users` share."""

from collections.abc import AsyncIterator, Callable
from typing import Final

from acsevents.asking import ask
from acsevents.failures import NotFound
from acsevents.output import rows
from shared.lookups import Lookups, Owner

_COLUMNS: Final = {"id": None, "last": 19, "kind": 20, "handle": 26, "who": None, "what": None}


def list_owners(called: str, owners: Callable[[Lookups], AsyncIterator[Owner]], *, as_json: bool) -> None:
    """Print numbers, threads or users."""
    if not ask(lambda lookups: rows(owners(lookups), _COLUMNS, as_json=as_json)):
        raise NotFound(f"no {called} has events")
