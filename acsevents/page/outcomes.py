"""Outcomes of the last replays, so that the page that shows one can be reloaded without replaying again."""

import secrets
from typing import Final

from acsevents.operations.replay import Replayed

_KEPT: Final = 20


class Outcome(Replayed):
    """The outcome of a replay.

    Attributes:
        told: the reasons of those that remain.
        handle: of the event, if one dead letter was replayed and recorded.
    """

    told: tuple[str, ...] = ()
    handle: str = ""


class Outcomes:
    """Keeps the last few outcomes."""

    def __init__(self) -> None:
        self._kept: dict[str, Outcome] = {}

    def keep(self, outcome: Outcome) -> str:
        """Keep an outcome, and forget the oldest; return its name for an address."""
        name = secrets.token_hex(8)
        self._kept[name] = outcome
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return name

    def get(self, name: str) -> Outcome | None:
        """Return an outcome, or None if it is not known any more."""
        return self._kept.get(name)
