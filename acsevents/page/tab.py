"""One open tab: the events to send to it, and its position in the stream of all events."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from shared.lookups import EventLine

CAP: Final = 300  # lines that a list shows

_DIGITS: Final = 18
Match = Callable[[EventLine], bool]


class Position(NamedTuple):
    """A number of arrivals since polling began; `course` identifies that beginning."""

    course: str
    arrivals: int

    def __str__(self) -> str:
        return f"{self.course}.{self.arrivals}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Parse a position; an invalid one has an unknown course."""
        course, _, arrivals = text.partition(".")
        if arrivals.isascii() and arrivals.isdigit() and len(arrivals) <= _DIGITS:
            return cls(course, int(arrivals))
        return cls("", 0)


class Tab:
    """The events to send to one tab.

    Attributes:
        changed: set when there is something to send.
        waiting: lines, oldest first, at most as many as the list shows.
        left_out: the number of older lines that were dropped because more were waiting than the list shows.
        lost: whether arrivals were missed, so that the tab must reload the list.
    """

    def __init__(self, match: Match) -> None:
        self.match = match
        self.changed = asyncio.Event()
        self.waiting: deque[EventLine] = deque()
        self.left_out = 0
        self.lost = False

    def add(self, line: EventLine) -> None:
        """Add a line if it matches."""
        if self.match(line):
            self.waiting.append(line)
            self.changed.set()
            if len(self.waiting) > CAP:
                self.waiting.popleft()
                self.left_out += 1

    def take(self) -> tuple[list[EventLine], int]:
        """Return the waiting lines, the newest arrival first, and the number of those left out; forget both."""
        taken = [*reversed(self.waiting)], self.left_out
        self.waiting.clear()
        self.left_out = 0
        self.changed.clear()
        return taken
