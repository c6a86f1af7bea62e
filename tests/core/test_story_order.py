"""Which of several changes is the last: one order for texts, topics and members alike."""

from itertools import permutations
from typing import Final, NamedTuple

import pytest

from shared.events.event import Event
from shared.stories import Transcript, tell_thread
from tests.core.happenings import created, member, message, person, updated


class Told(NamedTuple):
    """What the event of one change tells of when it was: its own time, its version, and when it was published."""

    second: float
    version: int | None = None
    published: float = 99


SEQUENCES: Final = {
    "the time of the thing itself decides, not the envelope": ([Told(1, published=9), Told(3, published=5)], 1),
    "a version decides whatever the times": ([Told(3, 7, published=9), Told(1, 8, published=5)], 1),
    "what has no version stands behind a version before it": ([Told(1, 7), Told(3)], 1),
    "what has no version stands before a later version": ([Told(1), Told(3, 7)], 1),
    "versions on every other change": ([Told(1, 1), Told(3), Told(5, 3), Told(7)], 3),
    "pairs alone would make a circle": ([Told(1, 3), Told(2), Told(3, 2)], 1),
    "older than all versions": ([Told(1), Told(2, 3), Told(3, 2)], 1),
    "behind the highest version and not the latest": ([Told(1, 3), Told(2, 2), Told(3)], 2),
    "the circle is closed by a higher version": ([Told(1, 3), Told(2), Told(3, 2), Told(4, 4)], 3),
    "equal versions are told apart by time": ([Told(1, 7), Told(3, 7)], 1),
    "equal times are told apart by version": ([Told(1, 7, published=9), Told(1, 8, published=5)], 1),
    "the envelope is the last to decide": ([Told(1, published=5), Told(1, published=6)], 1),
    "the envelope agrees with the missing version": ([Told(1, 7, published=5), Told(1, published=6)], 1),
    "the envelope contradicts the missing version": ([Told(1, 7, published=6), Told(1, published=5)], None),
    "what is open is settled by what comes later": ([Told(1, 7, published=6), Told(1, published=5), Told(3)], 2),
    "nothing decides": ([Told(1), Told(1)], None),
    "one version decides nothing": ([Told(1, 7), Told(1)], None),
    "equal versions decide nothing": ([Told(1, 7), Told(1, 7)], None),
}
"""Changes with the index of the last one; None where the records leave it open."""

sequences = pytest.mark.parametrize(("changes", "newest"), SEQUENCES.values(), ids=SEQUENCES.keys())


def story_of(*events: Event) -> Transcript:
    """Tell the story, which must be the same in any order of arrival."""
    told = {tell_thread(order) for order in permutations(events)}
    assert len(told) == 1
    (story,) = told
    assert story is not None
    return story


def is_open(story: Transcript) -> bool:
    """Return whether a gap says that the last change is not certain."""
    return any("not certain" in gap for gap in story.gaps)


@sequences
def test_the_last_text_is_told_or_a_gap(changes: list[Told], newest: int | None) -> None:
    """Of the edits of one message; that its original has the highest version of all changes nothing."""
    edits = [
        message("Edited", told.second, str(number), version=told.version, published=told.published)
        for number, told in enumerate(changes)
    ]
    story = story_of(created(0), message("Received", 0, "first", version=9), *edits)

    assert [one.text for one in story.messages] == [None if newest is None else str(newest)]
    assert is_open(story) == (newest is None)


@sequences
def test_the_last_topic_is_told_or_a_gap(changes: list[Told], newest: int | None) -> None:
    """Of the changes of one thread, whose creation may have the highest version."""
    updates = [
        updated(told.second, str(number), version=told.version, published=told.published)
        for number, told in enumerate(changes)
    ]
    story = story_of(created(0, properties={"topic": "first"}, version=9), *updates)

    assert story.topic == (None if newest is None else str(newest))
    assert is_open(story) == (newest is None)


@pytest.mark.parametrize("final", ["Added", "Removed"])
@sequences
def test_who_is_in_is_told_or_a_gap(changes: list[Told], newest: int | None, final: str) -> None:
    """The last change contradicts all others, and the first one where it is open which is the last."""
    other = {"Added": "Removed", "Removed": "Added"}[final]
    history = [
        member(
            final if number == (newest or 0) else other,
            told.second,
            person("x"),
            version=told.version,
            published=told.published,
        )
        for number, told in enumerate(changes)
    ]
    story = story_of(created(0, person("x")), *history)

    assert is_open(story) == (newest is None)
    if newest is not None:
        assert len(story.participants) == (final == "Added")
