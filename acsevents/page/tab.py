"""What one open tab has still to be told, and how far it has been told."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from shared.lookups import EventLine

CAP: Final = 300  # lines that a list shows

_DIGITS: Final = 18
Match = Callable[[EventLine], bool]


class Position(NamedTuple):
    """How far somebody has followed: so many arrivals of one course of following."""

    course: str
    arrivals: int

    def __str__(self) -> str:
        return f"{self.course}.{self.arrivals}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read a position; what is none is one of a course that nobody knows."""
        course, _, arrivals = text.partition(".")
        if arrivals.isascii() and arrivals.isdigit() and len(arrivals) <= _DIGITS:
            return cls(course, int(arrivals))
        return cls("", 0)


class Tab:
    """What one tab has still to be told.

    Attributes:
        changed: is set when there is something to tell.
        waiting: lines, oldest first; no more than its list can show.
        left_out: lines that the list could not have shown, since more of them came at once.
        lost: whether lines were missed that nobody knows any more: the list must be read anew.
    """

    def __init__(self, match: Match) -> None:
        self.match = match
        self.changed = asyncio.Event()
        self.waiting: deque[EventLine] = deque()
        self.left_out = 0
        self.lost = False

    def add(self, line: EventLine) -> None:
        """Keep a line until it is told."""
        if self.match(line):
            self.waiting.append(line)
            self.changed.set()
            if len(self.waiting) > CAP:
                self.waiting.popleft()
                self.left_out += 1

    def take(self) -> tuple[list[EventLine], int]:
        """Return what is waiting, the newest arrival first, and how many lines were left out."""
        taken = [*reversed(self.waiting)], self.left_out
        self.waiting.clear()
        self.left_out = 0
        self.changed.clear()
        return taken
