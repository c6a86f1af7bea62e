"""The attempts to deliver an SMS, on an axis of time."""

from typing import Final, NamedTuple

from shared.events.timestamps import TICKS_PER_SECOND, Instant, edm
from shared.stories import Attempt, SmsStory

_WIDTH: Final = 960.0
_MARGIN: Final = 20.0


class Point(NamedTuple):
    """A point on the axis.

    Attributes:
        x: its coordinate.
        time: when it happened, as Edm.DateTime.
        after: seconds since the first point.
        words: what happened.
        outcome: `good`, `bad` or `open`.
    """

    x: float
    time: str
    after: float
    words: str
    outcome: str


def axis_of(story: SmsStory) -> list[Point]:
    """Place the attempts of a message and its last report; attempts without a readable time are left out."""
    happened = [
        (at, *_told(number, attempt)) for number, attempt in enumerate(story.attempts, 1) if (at := _ticks(attempt))
    ]
    if not happened:
        return []
    last = Instant.parse(story.last_event).ticks
    outcome = {"Delivered": "good", "Failed": "bad"}.get(story.status or "", "open")
    happened.append((last, f"reported: {story.status or 'no status'}", outcome))
    begin, end = min(at for at, *_ in happened), max(at for at, *_ in happened)
    return [
        Point(
            round(_MARGIN + (at - begin) / max(end - begin, 1) * _WIDTH, 1),
            edm(at),
            (at - begin) / TICKS_PER_SECOND,
            words,
            how,
        )
        for at, words, how in happened
    ]


def _told(number: int, attempt: Attempt) -> tuple[str, str]:
    sent, failed = attempt.segments_succeeded, attempt.segments_failed
    words = f"attempt {number}: {_count(sent)} sent, {_count(failed)} failed"
    return words, "bad" if failed else "good" if sent else "open"


def _count(segments: int | None) -> str:
    return "an unknown number of segments" if segments is None else f"{segments} segment{'' if segments == 1 else 's'}"


def _ticks(attempt: Attempt) -> int | None:
    try:
        return Instant.parse(attempt.timestamp).ticks
    except ValueError:
        return None
