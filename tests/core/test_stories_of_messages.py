"""The messages of a thread, each as it stands after all edits and deletions."""

from itertools import permutations
from typing import Any

import pytest

from shared.decoder import decode
from shared.events.event import Event
from shared.stories import Message, tell_thread
from tests import samples
from tests.core.happenings import at, created, edm, message, raw_id
from tests.core.strategies import delivered

IDS = pytest.mark.parametrize("event_id", ["1", "2", "3", "4", "5", "6"])
"""Ids that make one digest the higher one, then the other."""


def messages_of(*events: Event) -> list[Message]:
    """Return the messages, which must be the same in any order of arrival."""
    told = {tell_thread(order) for order in permutations(events)}
    assert len(told) == 1
    (story,) = told
    assert story is not None
    return list(story.messages)


def message_of(*events: Event) -> Message:
    """Return the only message."""
    (only,) = messages_of(*events)
    return only


def test_a_message_reads_as_after_its_newest_edit() -> None:
    """With its sender and time; an edit counts once, however many recipients it was delivered to."""
    edits = [message("Edited", 5, "hello you", user=user, version=3) for user in (None, "a", "b")]
    told = message_of(message("Edited", 2, "hallo", version=2), *edits, message("Received", 0, "hello", version=1))

    assert told == Message("m1", raw_id("s"), "Sam", edm(0), "hello you", edits=2)


@pytest.mark.parametrize("newer", [10, "10", 10.0, "10.0"])
@pytest.mark.parametrize("older", [9, "9", 9.0])
def test_the_newest_version_wins_over_all_times(newer: Any, older: Any) -> None:
    """An edit that is delivered late does not undo a later one; versions compare as numbers in any notation."""
    late, early = message("Edited", 60, "older", version=older), message("Edited", 30, "newer", version=newer)

    assert message_of(message("Received", 0, "hello", version="8"), late, early).text == "newer"


def test_without_versions_the_time_of_the_thing_itself_wins_over_the_envelope() -> None:
    """Edits may be published in any order."""
    late, early = message("Edited", 60, "newer", published=61), message("Edited", 30, "older", published=90)

    assert message_of(message("Received", 0, "hello", published=99), late, early).text == "newer"


def test_when_all_else_is_equal_the_envelope_decides() -> None:
    """Of two edits in one second, the one published later."""
    edits = message("Edited", 30, "newer", published=31.5), message("Edited", 30, "older", published=31)
    told = message_of(message("Received", 0, "hello"), *edits)

    assert (told.text, told.edits, told.gap) == ("newer", 2, None)


def test_an_edit_is_as_old_as_its_earliest_event() -> None:
    """Another event of it may be published long after the next edit."""
    older = [message("Edited", 30, "older", published=31), message("Edited", 30, "older", user="a", published=40)]
    told = message_of(message("Received", 0, "hello"), *older, message("Edited", 30, "newer", published=32))

    assert (told.text, told.gap) == ("newer", None)


@pytest.mark.parametrize("versions", [(None, None), (1, None), (None, 2), (1, 2), (1, 1)])
@IDS
def test_a_deletion_of_the_second_of_an_edit_comes_after_it(
    versions: tuple[int | None, int | None], event_id: str
) -> None:
    """Nothing is edited after its deletion, but deletions carry the time of the last edit."""
    for published in (9, 11):
        told = message_of(
            message("Received", 0, "hello", version=0),
            message("Edited", 10, "hi", version=versions[0], published=10, event_id=event_id),
            message("Deleted", 10, version=versions[1], published=published),
        )

        assert (told.text, told.deleted_at, told.edits, told.gap) == (None, edm(10), 1, None)


@pytest.mark.parametrize("version", [None, 1])
@IDS
def test_an_edit_of_the_second_of_its_message_comes_after_it(version: int | None, event_id: str) -> None:
    """An original comes first, even if its time is that of a late publication."""
    edit = message("Edited", 10, "hi", version=version, event_id=event_id)

    assert message_of(message("Received", 10, "hello"), edit).text == "hi"
    assert message_of(message("Received", 10, "hello", composeTime=None, published=20), edit).text == "hi"


def test_a_deleted_message_has_no_text() -> None:
    """Not even that of an edit before the deletion."""
    told = message_of(message("Deleted", 9, "y"), message("Edited", 5, "x"), message("Received", 0, "hello"))

    assert told == Message("m1", raw_id("s"), "Sam", edm(0), None, edits=1, deleted_at=edm(9))


def test_an_edit_after_a_deletion_is_what_was_said_last() -> None:
    """In Teams a deletion can be undone."""
    told = message_of(message("Received", 0, "hello"), message("Deleted", 5), message("Edited", 9, "back"))

    assert (told.text, told.deleted_at) == ("back", None)


@IDS
def test_two_edits_of_one_time_with_different_texts_are_a_gap(event_id: str) -> None:
    """Neither text is chosen, nor an earlier one, unless both have versions or one is later."""
    older, newer = message("Edited", 5, "a", event_id=event_id), message("Edited", 5, "b", event_id="0")
    original = message("Received", 0, "hello")
    told = message_of(original, older, newer)

    assert (told.text, told.edits, told.gap) == (None, 2, "its text is not certain: 2 values have the same time")
    assert message_of(original, older, newer, message("Edited", 6, "c")).text == "c"
    assert message_of(original, message("Edited", 5, "a", version=2), newer).gap == told.gap
    versions = message("Edited", 5, "a", version=1), message("Edited", 5, "b", version=2)
    assert (message_of(original, *versions).text, message_of(original, *versions).gap) == ("b", None)


def test_a_text_that_one_of_two_events_leaves_out_is_no_gap() -> None:
    """They report one edit, and one of them has its text."""
    for version in (None, 7):
        edits = [message("Edited", 5, text, user=user, version=version) for text, user in (("hi", None), (None, "a"))]
        told = message_of(message("Received", 0, "hello"), *edits)

        assert (told.text, told.edits, told.gap) == ("hi", 1, None)


def test_an_event_without_a_version_may_tell_a_later_edit_of_the_same_text() -> None:
    """`a` and `b` have versions; the third event may repeat the first one or come after both."""
    edits = [message("Edited", 5, text, version=version) for text, version in (("a", 1), ("b", 2), ("a", None))]
    told = message_of(message("Received", 0, "hello"), *edits)

    assert (told.text, told.gap) == (None, "its text is not certain: 2 values have the same time")


def test_an_edit_without_a_text_makes_no_two_others_one() -> None:
    """It agrees with either of them."""
    told = message_of(message("Received", 0, "hello"), *(message("Edited", 5, text) for text in ("hi", None, "hey")))

    assert (told.edits, told.gap) == (2, "its text is not certain: 2 values have the same time")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"version": 7}, {"version": "7", "editTime": at(6)}),
        ({"version": 7}, {}),
        ({}, {}),
        ({}, {"editTime": at(5, hours=-8), "published": 8}),
        ({}, {"editTime": None}),
    ],
)
def test_two_events_of_one_edit_count_once(one: dict[str, Any], other: dict[str, Any]) -> None:
    """If their versions agree, or else their times, in any notation."""
    edits = message("Edited", 5, "hi", **one), message("Edited", 5, "hi", user="a", **other)
    told = message_of(message("Received", 0, "hello"), *edits)

    assert (told.edits, told.text, told.gap) == (1, "hi", None)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"version": 7}, {"version": 8}),
        ({}, {"editTime": at(6)}),
        ({"version": 7}, {"editTime": at(6)}),
        ({"version": 7}, {"version": 7, "messageBody": "hey"}),
    ],
)
def test_what_differs_is_another_edit(one: dict[str, Any], other: dict[str, Any]) -> None:
    """By version, by time or by text."""
    edits = message("Edited", 5, "hi", **one), message("Edited", 5, "hi", **other)

    assert message_of(message("Received", 0, "hello"), *edits).edits == 2


@pytest.mark.parametrize(
    ("events", "text", "gap"),
    [
        ([message("Edited", 5, "hello")], "hello", "its original is not recorded"),
        ([message("Deleted", 5)], None, "its original is not recorded"),
        ([message("Received", 0)], None, "its text is not recorded"),
        ([message("Received", 0, "hello"), message("Edited", 5)], None, "its text is not recorded"),
        ([message("Received", 0, "hello"), message("Received", 0, user="a")], "hello", None),
        ([message("Received", 0, "")], "", None),
        ([message("Received", 0), message("Deleted", 5)], None, None),
        (
            [message("Received", 0, "a"), message("Received", 0, "b")],
            None,
            "its text is not certain: 2 values have the same time",
        ),
        ([message("Edited", 5)], None, "its original is not recorded; its text is not recorded"),
    ],
)
def test_what_is_missing_of_a_message_is_named(events: list[Event], text: str | None, gap: str | None) -> None:
    """The text before an edit is not given for the text after it."""
    told = tell_thread([*events, created(0)])

    assert told is not None
    assert [(one.text, one.gap) for one in told.messages] == [(text, gap)]
    assert told.gaps == ((f"message m1: {gap}",) if gap else ())


@pytest.mark.parametrize("blank", ["", "  ", None])
def test_a_blank_name_does_not_hide_a_known_one(blank: str | None) -> None:
    """Whether it is older or newer. Two names of the same time are a gap."""
    names = message("Received", 0, "a", senderDisplayName="Sam"), message("Edited", 5, "b", senderDisplayName=blank)
    assert message_of(*names).sender_name == "Sam"
    names = message("Received", 0, "a", senderDisplayName=blank), message("Edited", 5, "b", senderDisplayName="Sam")
    assert message_of(*names).sender_name == "Sam"
    assert message_of(message("Received", 0, "a", senderDisplayName=blank)).sender_name is None
    levels = message("Received", 0, "a", senderDisplayName=blank), message("Received", 0, "a", user="a")
    assert (message_of(*levels).sender_name, message_of(*levels).gap) == ("Sam", None)

    told = message_of(*names, message("Edited", 5, "b", user="a", senderDisplayName="Sammy"))
    assert (told.sender_name, told.gap) == (None, "its sender's name is not certain: 2 values have the same time")


def test_messages_come_oldest_first_by_version_and_then_by_time() -> None:
    """Versions are more precise than times cut to seconds; if both are equal, ids decide."""

    def said(one: str, second: float, **data: Any) -> Event:
        return message("Received", second, one, messageId=one, composeTime=at(second), **data)

    by_version = [said("b", 1, version=1), said("a", 1, version=2), said("c", 0, version=3)]
    assert [one.message_id for one in messages_of(*by_version)] == ["b", "a", "c"]
    by_time = [said("c", 1), said("b", 3), said("a", 3)]
    assert [one.message_id for one in messages_of(*by_time)] == ["c", "a", "b"]
    behind_the_version = [said("c", 1, version=1), said("a", 3), said("b", 3, version=2), said("d", 4, version=3)]
    assert [one.message_id for one in messages_of(*behind_the_version)] == ["c", "b", "a", "d"]


def test_a_message_without_its_original_stands_where_it_was_composed() -> None:
    """Not where it was edited."""
    edit = message("Edited", 60, "x", messageId="a", composeTime=at(1), version=99)
    others = [
        message("Received", second, "y", messageId=str(second), composeTime=at(second), version=second)
        for second in (0, 2)
    ]

    assert [one.message_id for one in messages_of(edit, *others)] == ["0", "a", "2"]


def test_messages_without_an_id_stand_alone() -> None:
    """With the same text at different times they are two messages; two events of one message are one."""
    alone = [message("Received", second, "x", messageId=None, composeTime=at(second)) for second in (5, 6)]
    again = message("Received", 6, "x", messageId="", composeTime=at(6), user="a")

    told = messages_of(*alone, again)

    assert [(one.message_id, one.composed_at) for one in told] == [("", edm(5)), ("", edm(6))]
    assert {one.gap for one in told} == {"it has no id, so edits and a deletion of it cannot be told"}


def test_a_message_that_does_not_say_when_it_was_composed_has_the_time_of_its_event() -> None:
    """The time of its oldest event, unless another of its events has the time of composition."""
    edit, original = message("Edited", 4, "x", composeTime=None), message("Received", 3, "x", composeTime=None)

    assert message_of(edit, original).composed_at == edm(3)
    assert message_of(message("Edited", 4, "x"), original).composed_at == edm(0)
    levels = message("Received", 3, "x", version=1, composeTime=at(3)), message("Received", 2, "x", version=1, user="a")
    assert message_of(*levels).composed_at == edm(2)


def test_typing_is_not_a_message_and_a_bot_command_is() -> None:
    """A command is part of the conversation, an indicator is not."""
    events = [
        decode(delivered(samples.event(f"2025/Chat{name}ReceivedInThread")))
        for name in ("TypingIndicator", "AzureBotCommand")
    ]

    assert [one.text for one in messages_of(*events)] == ["/book table 7"]


def test_a_story_is_told_of_whole_texts() -> None:
    """The transcript has the whole text, not the cut one of the column."""
    body = "🌻" * 40_000

    assert message_of(message("Received", 0, body)).text == body
