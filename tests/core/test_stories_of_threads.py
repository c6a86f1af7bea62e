"""The story of a thread as a whole: topic, participants, creation and deletion, and what a user saw of it."""

from itertools import permutations, product
from typing import Any

import pytest

from shared.events.event import Event
from shared.stories import Participant, Transcript, tell_thread
from tests.core.happenings import THREAD, at, created, edm, ended, event, member, message, person, raw_id, updated

NO_CREATION = "the thread's creation is not recorded: earlier participants and messages may be missing"
IDS = pytest.mark.parametrize("event_id", ["1", "2", "3", "4", "5", "6"])
"""Ids that make one digest the higher one, then the other."""
X = raw_id("x")


def story_of(*events: Event, seen_by: str | None = None) -> Transcript:
    """Return the story, which must be the same in any order of arrival."""
    told = {tell_thread(order, seen_by=seen_by) for order in permutations(events)}
    assert len(told) == 1
    (story,) = told
    assert story is not None
    return story


def present(story: Transcript) -> list[str]:
    """Return the ids of the participants."""
    return [one.id.removeprefix("8:acs:1_") for one in story.participants]


def test_people_come_and_go() -> None:
    """Participants are those of the creation and those added since, without those removed since."""
    story = story_of(
        member("Removed", 4, person("s")),
        member("Added", 3, person("b")),
        member("Removed", 2, person("b")),
        member("Added", 1, person("b")),
        created(0, person("s"), person("a")),
    )

    assert story.participants == (Participant(raw_id("a"), "A"), Participant(raw_id("b"), "B"))
    assert (story.thread_id, story.created_at, story.gaps) == (THREAD, edm(0), ())


@pytest.mark.parametrize("versions", [(None, None), (5, None), (None, 6), (5, 6)])
@pytest.mark.parametrize("user", [None, "a"])
def test_who_was_removed_is_gone_and_who_was_added_again_is_back(
    versions: tuple[int | None, int | None], user: str | None
) -> None:
    """With versions on any of the events, at either level, published in any order."""
    thread = created(0, person("x"), version=1)
    removed = member("Removed", 3, person("x"), version=versions[0], published=9)
    again = member("Added", 6, person("x"), version=versions[1], user=user, published=7)

    assert (present(story_of(thread, removed)), story_of(thread, removed).gaps) == ([], ())
    assert (present(story_of(thread, removed, again)), story_of(thread, removed, again).gaps) == (["x"], ())


def test_the_version_of_a_membership_wins_over_its_time() -> None:
    """Even if both changes are in one second."""
    for second in (1, 3):
        story = story_of(
            created(0), member("Added", second, person("x"), version=8), member("Removed", 3, person("x"), version=7)
        )

        assert present(story) == ["x"]


def test_when_all_else_is_equal_the_envelope_decides_who_is_in() -> None:
    """Of a removal and an addition in one second, the one published later."""
    out, back = member("Removed", 3, person("x"), published=4), member("Added", 3, person("x"), published=5)

    assert (
        present(story_of(created(0, person("x")), out, back)),
        story_of(created(0, person("x")), out, back).gaps,
    ) == (["x"], ())


@pytest.mark.parametrize("versions", [(None, None), (5, None), (None, 6), (5, 5)])
@IDS
def test_someone_added_and_removed_at_one_time_is_a_gap(versions: tuple[int | None, int | None], event_id: str) -> None:
    """The removal is assumed to be later, whatever the ids; a later change closes the gap."""
    both = (
        member("Added", 3, person("x"), version=versions[0], event_id=event_id),
        member("Removed", 3, person("x"), version=versions[1], event_id="0"),
    )
    story = story_of(created(0, version=1), *both)

    assert present(story) == []
    assert story.gaps == (f"participant {X}: added and removed at the same time, the last of both is not certain",)
    assert story_of(created(0, version=1), *both, member("Removed", 9, person("x"))).gaps == ()
    assert story_of(created(0, person("x"), version=1), *both, member("Added", 9, person("x"))).gaps == ()


@pytest.mark.parametrize("data", [{}, {"version": 7}, {"version": 7, "time": at(5)}, {"time": at(2, hours=5)}])
def test_someone_who_left_without_having_come_is_a_gap_once(data: dict[str, Any]) -> None:
    """The removal is delivered to every recipient and to the thread, but it is one gap."""
    told = [member("Removed", 2, person("x"), user="b", **data), member("Removed", 2, person("x"), user="a")]
    if "version" in data:
        told[1] = member("Removed", 2, person("x"), version="7")

    assert story_of(*told).gaps == (NO_CREATION, f"participant {X}: joining is not recorded")


def test_someone_who_left_twice_must_have_come_again() -> None:
    """So an addition is missing between the removals. Two additions may just be repeated."""
    thread, left = created(0, person("x")), member("Removed", 2, person("x"))

    assert story_of(thread, left, member("Removed", 5, person("x"))).gaps == (
        f"participant {X}: joining is not recorded",
    )
    assert story_of(thread, member("Added", 2, person("x"))).gaps == ()


@pytest.mark.parametrize("second", [0, 0.5])
def test_the_list_of_the_creation_comes_first(second: float) -> None:
    """A removal in the same second comes after it, and a late copy of the creation restores nobody."""
    removed = member("Removed", second, person("x"), version=2)
    copies = created(0, person("x"), version=1), created(0, person("x"), user="a", createTime=None, published=60)

    assert present(story_of(removed, *copies)) == []


def test_the_lists_of_both_levels_are_one_list() -> None:
    """Each person once, with the known name."""
    story = story_of(created(0, person("a", ""), person("b")), created(0, person("a"), person("b", " "), user="b"))

    assert story.participants == (Participant(raw_id("a"), "A"), Participant(raw_id("b"), "B"))
    assert story.gaps == ()


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_name_does_not_hide_a_known_one(blank: str) -> None:
    """Neither that of the list nor that of an earlier addition."""
    back = member("Removed", 2, person("x", blank)), member("Added", 3, person("x", blank))

    assert story_of(created(0, person("x", "Xenia")), *back).participants == (Participant(X, "Xenia"),)
    assert story_of(created(0), member("Added", 1, person("x", "Xenia")), *back).participants == (
        Participant(X, "Xenia"),
    )
    assert story_of(created(0, person("x", blank))).participants == (Participant(X),)


@IDS
def test_two_names_for_one_time_are_a_gap(event_id: str) -> None:
    """Neither is chosen; a newer name closes the gap."""
    both = member("Added", 1, person("x", "A"), event_id=event_id), member("Added", 1, person("x", "B"), user="a")
    story = story_of(created(0), *both)

    assert (story.participants, story.gaps) == (
        (Participant(X),),
        (f"participant {X}: the name is not certain: 2 values have the same time",),
    )
    assert story_of(created(0), *both, member("Added", 5, person("x", "C"))).participants == (Participant(X, "C"),)


@pytest.mark.parametrize("published", [*product((1, 2, 3), repeat=3)], ids=str)
def test_the_id_of_an_event_does_not_decide_which_name_is_told(published: tuple[int, int, int]) -> None:
    """Of three additions of one time, whenever they were published."""
    data: list[tuple[str, dict[str, Any]]] = [("B", {"version": 2}), ("B", {"version": 1}), ("A", {})]
    told = {
        story_of(
            created(0),
            *(
                member("Added", 1, person("x", name), event_id=event_id, published=second, **more)
                for event_id, (name, more), second in zip(event_ids, data, published, strict=True)
            ),
        ).participants
        for event_ids in permutations("123")
    }

    assert len(told) == 1


@pytest.mark.parametrize("who", [None, {"displayName": "Xenia"}, {"participantCommunicationIdentifier": {"rawId": ""}}])
@pytest.mark.parametrize(("what", "was"), [("Added", "added"), ("Removed", "removed")])
def test_someone_without_an_id_is_a_gap(what: str, was: str, who: dict[str, Any] | None) -> None:
    """Once for all recipients of the event; another time is another gap."""
    gap = f"someone without an id was {was} at {edm(3)}"

    assert story_of(created(0), member(what, 3, who), member(what, 3, who, user="a")).gaps == (gap,)
    assert story_of(created(0), member(what, 3, who), member(what, 4, who)).gaps == (gap, gap.replace(edm(3), edm(4)))


def test_a_list_that_is_missing_or_names_somebody_without_id_is_a_gap() -> None:
    """The thread is not shown as empty. A complete list of the other level closes the gap."""
    whole = created(0, person("a"), user="a")
    missing, nameless = created(0, participants=None), created(0, person("a"), {"displayName": "Xenia"})

    assert story_of(missing).gaps == ("the participants of the created thread are not recorded",)
    assert story_of(nameless).gaps == ("the list of the created thread has someone without an id",)
    assert (present(story_of(nameless)), present(story_of(missing))) == (["a"], [])
    assert (story_of(missing, whole).gaps, story_of(nameless, whole).gaps, story_of(created(0)).gaps) == ((), (), ())


@pytest.mark.parametrize("versions", [(None, None), (5, None), (None, 6), (5, 6)])
def test_the_topic_is_the_newest(versions: tuple[int | None, int | None]) -> None:
    """With versions on any of the changes, published in any order. A topic that is not a string is ignored."""
    story = story_of(
        created(0, properties={"topic": "Old"}, version=1),
        updated(3, "Older", version=versions[0], published=9),
        updated(5, "New", version=versions[1], published=8),
        updated(6, 7),
    )

    assert (story.topic, story.gaps) == ("New", ())


@pytest.mark.parametrize("data", [{}, {"version": 5}, {"published": 0}])
def test_a_topic_of_the_second_of_the_creation_comes_after_it(data: dict[str, Any]) -> None:
    """Even if it was published before."""
    thread = created(0, properties={"topic": "Old"}, published=4)

    assert (story_of(thread, updated(0, "New", **data)).topic, story_of(thread, updated(0, "New", **data)).gaps) == (
        "New",
        (),
    )


@IDS
def test_two_topics_of_one_time_are_a_gap(event_id: str) -> None:
    """Neither is chosen, whatever the ids."""
    both = updated(3, "A", event_id=event_id), updated(3, "B", event_id="0")
    story = story_of(created(0, properties={"topic": "Old"}), *both)

    assert (story.topic, story.gaps) == (None, ("the topic is not certain: 2 values have the same time",))


def test_a_deleted_thread_says_when() -> None:
    """By the earliest time of its deletion, since a thread is deleted only once."""
    late_copy = ended(9, user="b", deleteTime=None, published=15)
    assert story_of(created(0), ended(9, published=12), late_copy).deleted_at == edm(9)
    assert story_of(created(0), ended(9, published=12), ended(9, user="a", published=15)).deleted_at == edm(9)
    assert story_of(created(0)).deleted_at is None


def test_a_thread_says_when_it_was_created() -> None:
    """From its creation, or else from any other event."""
    assert story_of(created(1), updated(5, "A", createTime=at(0))).created_at == edm(1)
    assert story_of(updated(5, "A", createTime=at(0))).created_at == edm(0)
    assert story_of(updated(5, "A")).created_at is None
    copies = [created(2, createTime=None, published=second, event_id=str(second)) for second in (3, 4)]
    assert story_of(*copies).created_at == edm(3)
    assert story_of(created(1), created(2, user="a")).created_at == edm(1)


def test_a_thread_without_its_creation_says_so() -> None:
    """Earlier participants and messages may be missing."""
    assert story_of(updated(5, "A")).gaps == (NO_CREATION,)
    assert story_of(event("ChatTypingIndicatorReceivedInThread", 1, threadId=THREAD)).gaps == (NO_CREATION,)


def test_what_a_user_saw_names_that_the_users_own_messages_may_be_missing() -> None:
    """ACS does not deliver events to their own sender; if it did, there is no gap."""
    others = created(0, person("a"), user="a"), message("Received", 1, "hi", user="a")
    own = message("Received", 2, "ho", user="a", messageId="m2", senderCommunicationIdentifier={"rawId": raw_id("a")})

    (gap,) = story_of(*others, seen_by=raw_id("a")).gaps
    assert "own messages and changes may be missing" in gap
    assert story_of(*others, own, seen_by=raw_id("a")).gaps == ()
    assert story_of(*others).gaps == ()
