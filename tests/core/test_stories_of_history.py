"""The history of a thread: each change once, with earlier texts."""

from itertools import permutations

from shared.events.event import Event
from shared.stories import Step, tell_history
from tests.core.happenings import created, edm, ended, event, member, message, person, raw_id, updated


def history_of(*events: Event) -> list[Step]:
    """Return the history, which must be the same in any order of arrival."""
    told = {tell_history(order) for order in permutations(events)}
    assert len(told) == 1
    return [*told.pop()]


def test_what_was_said_before_an_edit_and_a_deletion_is_told() -> None:
    """In order of version, whatever the times."""
    told = history_of(
        message("Received", 0, "hallo", version=1),
        message("Edited", 9, "hello", version=2),
        message("Deleted", 5, version=3),
    )

    assert told == [
        Step(edm(0), "message.received", "Sam", "hallo", "m1"),
        Step(edm(9), "message.edited", "Sam", "hello", "m1"),
        Step(edm(5), "message.deleted", "Sam", None, "m1"),
    ]


def test_a_change_that_many_were_told_of_is_told_once() -> None:
    """The thread-level event and the user-level ones are one change."""
    told = history_of(*(message("Received", 0, "hello", user=user, version=1) for user in (None, "a", "b")))

    assert [Step(edm(0), "message.received", "Sam", "hello", "m1")] == told


def test_topic_and_people_are_part_of_the_history() -> None:
    """From creation to deletion, with additions and removals; typing indicators are left out."""
    told = history_of(
        created(0, person("s"), properties={"topic": "First"}),
        member("Added", 1, person("b")),
        updated(2, "Second"),
        event("ChatTypingIndicatorReceivedInThread", 2.5, threadId="19:0a@thread.v2"),
        member("Removed", 3, person("b", "  ")),
        ended(4),
    )

    assert [(step.kind, step.what) for step in told] == [
        ("thread.created", "First"),
        ("participant.added", "B"),
        ("thread.updated", "Second"),
        ("participant.removed", raw_id("b")),
        ("thread.deleted", None),
    ]


def test_messages_without_an_id_are_not_taken_for_one() -> None:
    """Two such messages are two changes."""
    told = history_of(*(message("Received", 0, text, messageId=None) for text in ("one", "two")))

    assert {"one", "two"} == {step.what for step in told}


def test_people_without_an_id_are_not_taken_for_one() -> None:
    """Two names are two changes; the name of one may be left out."""
    ann, bob, nobody = {"displayName": "Ann"}, {"displayName": "Bob B."}, {"displayName": " "}

    assert {"Ann", "Bob B."} == {step.what for step in history_of(member("Added", 1, ann), member("Added", 1, bob))}
    assert ["Ann"] == [step.what for step in history_of(member("Added", 1, ann), member("Added", 1, nobody))]


def test_a_copy_of_an_edit_without_its_text_hides_no_other_edit() -> None:
    """Whether or not it has a version."""
    first = message("Edited", 5, "first", version=5)
    copies = message("Edited", 5, version=5, user="a"), message("Edited", 5, user="b")
    others = message("Edited", 5, "other"), message("Edited", 5, "yet another")

    for copy in copies:
        assert {"first", "other", "yet another"} == {step.what for step in history_of(first, copy, *others)}
        assert {"other", "yet another"} == {step.what for step in history_of(copy, *others)}


def test_nothing_has_no_history() -> None:
    """No events, no changes."""
    assert () == tell_history([])
