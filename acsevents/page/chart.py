"""The chart of the last hour, as the rectangles of an SVG image."""

from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from acsevents.page.pulse import Minute, in_order

HEIGHT: Final = 96  # of the highest bar
_WIDTH: Final = 10  # of one minute
_SHORTEST: Final = 2  # of what is there at all


class Bar(NamedTuple):
    """The part of a minute that is of one kind."""

    kind: str
    x: int
    y: float
    height: float


class Chart(NamedTuple):
    """What is drawn.

    Attributes:
        bars: the parts of all minutes.
        minutes: the minutes with their places, for what is told of each.
        kinds: the kinds that there are, with their counts.
        most: events of the fullest minute.
        dead_letters: how many in all.
    """

    bars: list[Bar]
    minutes: list[tuple[int, Minute]]
    kinds: dict[str, int]
    most: int
    dead_letters: int

    @property
    def total(self) -> int:
        """All events of the hour."""
        return sum(self.kinds.values())


def drawn(minutes: Sequence[Minute]) -> Chart:
    """Draw some minutes, the oldest first."""
    most = max((minute.total for minute in minutes), default=0)
    kinds: dict[str, int] = {}
    for minute in minutes:
        for kind, count in minute.counts.items():
            kinds[kind] = kinds.get(kind, 0) + count
    return Chart(
        bars=[bar for number, minute in enumerate(minutes) for bar in _stack(minute, number * _WIDTH, most)],
        minutes=[(number * _WIDTH, minute) for number, minute in enumerate(minutes)],
        kinds=in_order(kinds),
        most=most,
        dead_letters=sum(minute.dead_letters for minute in minutes),
    )


def _stack(minute: Minute, x: int, most: int) -> Iterator[Bar]:
    top = float(HEIGHT)
    for kind, count in minute.counts.items():
        height = max(HEIGHT * count / most, _SHORTEST)
        top -= height
        yield Bar(kind, x, round(max(top, 0), 2), round(height, 2))
