"""Stories: what records say together, whatever the order in which they came."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoder import decode
from shared.stories import Message, Participant, tell_sms, tell_thread
from tests import samples
from tests.core.lives import THREAD, at, edm, event, message, person, report, sms_lives, thread, thread_lives
from tests.core.strategies import FEW, MANY, delivered

HELLO = {"messageBody": "hello"}
NO_CREATION = "the thread's creation is not recorded: earlier participants and messages may be missing"


@pytest.mark.promise("Order-free")
@MANY
@given(sms_lives(), st.data())
def test_the_story_of_an_sms_is_the_same_in_any_order_and_with_any_duplicates(
    life: list[Any], data: st.DataObject
) -> None:
    """Deliveries come late, twice and in any order: the answer depends on what happened only."""
    again = data.draw(st.permutations(life + data.draw(st.lists(st.sampled_from(life)))))

    assert tell_sms(again) == tell_sms(life)


@pytest.mark.promise("Order-free")
@MANY
@given(thread_lives(), st.data())
def test_the_story_of_a_thread_is_the_same_in_any_order_and_with_any_duplicates(
    life: list[Any], data: st.DataObject
) -> None:
    """Thread-level and user-level events mixed, with any of them unrecorded."""
    again = data.draw(st.permutations(life + data.draw(st.lists(st.sampled_from(life)))))

    assert tell_thread(again) == tell_thread(life)


@FEW
@given(st.lists(st.sampled_from(samples.NAMES)), st.data())
def test_stories_can_be_told_of_any_events_of_their_tables(names: list[str], data: st.DataObject) -> None:
    """Also of both generations and levels mixed, and as JSON."""
    records = [decode(delivered(samples.event(name))) for name in names]
    sms = [record for record in records if record.event_type.kind.startswith("sms")]
    chat = [record for record in records if record not in sms]
    told = [tell_sms(sms), tell_thread(chat)]

    assert [story is None for story in told] == [not sms, not chat]
    assert told == [tell_sms(data.draw(st.permutations(sms))), tell_thread(data.draw(st.permutations(chat)))]
    assert len(msgspec.json.decode(msgspec.json.encode(told))) == 2


def test_there_is_no_story_without_records() -> None:
    """None, not an empty story."""
    assert (tell_sms([]), tell_thread([])) == (None, None)


def test_a_received_sms_tells_its_text() -> None:
    """Once, however often it was delivered, and by whichever schema."""
    grid = samples.event("2025/SMSReceived")
    story = tell_sms([decode(delivered(grid, form)) for form in samples.FORMS])

    assert story is not None
    assert (story.status, story.direction, story.text, story.segments) == (
        "Received",
        "inbound",
        grid["data"]["message"],
        1,
    )
    assert (story.sender, story.recipient, story.events) == ("+15555550123", "+15555550100", 1)
    assert story.first_event == story.last_event == "2025-01-29T17:04:31.2855749Z"


def test_a_sent_sms_tells_its_newest_status_and_all_attempts() -> None:
    """Reports repeat earlier attempts, in other spellings of the same time: each is told once, oldest first."""
    first = {"timestamp": "2021-02-20T01:00:00Z", "segmentsSucceeded": 0, "segmentsFailed": 1}
    again = {**first, "timestamp": "2021-02-20T02:00:00.000+01:00"}
    second = {"timestamp": "2021-02-20T01:00:00.5Z", "segmentsSucceeded": 1, "segmentsFailed": 0}
    story = tell_sms(
        [
            report(9, "Delivered", deliveryAttempts=[second, again], tag="t", receivedTimestamp=at(8)),
            report(3, "Failed", deliveryAttempts=[first], deliveryStatusDetails="busy", receivedTimestamp=at(2)),
        ]
    )

    assert story is not None
    assert (story.status, story.details, story.tag, story.events) == ("Delivered", "busy", "t", 2)
    assert (story.first_event, story.last_event) == (edm(2), edm(8))
    assert [(attempt.segments_succeeded, attempt.segments_failed) for attempt in story.attempts] == [(0, 1), (1, 0)]
    assert (story.sender, story.recipient, story.text) == ("+15555550100", "+15555550123", None)


def test_of_two_reports_at_one_time_one_wins_for_good() -> None:
    """The digest decides, not the order of arrival."""
    both = [report(1, "Delivered"), report(1, "Failed")]
    winner = max(both, key=lambda record: record.digest)

    stories = {tell_sms(both), tell_sms(both[::-1])}
    assert len(stories) == 1
    assert [story.status for story in stories if story] == [winner.facts["DeliveryStatus"]]


def _messages(*records: Any) -> list[Message]:
    told = tell_thread(records)
    assert told is not None
    return list(told.messages)


def test_a_message_reads_as_after_its_newest_edit() -> None:
    """With who said it and when; edits are counted once, however many recipients were told."""
    edits = [message("Edited", 5, user=user, messageBody="hello you") for user in (None, "8:acs:1_a", "8:acs:1_b")]
    told = _messages(message("Edited", 2, messageBody="hallo"), *edits, message("Received", 0, **HELLO))

    assert told == [Message("m1", "8:acs:1_s", "Sam", edm(0), "hello you", edits=2)]


def test_the_newest_version_wins_over_the_event_time() -> None:
    """An edit that was delivered late does not undo a later one."""
    late = message("Edited", 60, version=2, messageBody="older")
    early = message("Edited", 30, version=3, messageBody="newer")

    assert [one.text for one in _messages(message("Received", 0, version=1, **HELLO), late, early)] == ["newer"]


def test_edits_without_version_are_told_apart_by_their_time() -> None:
    """Two recipients of one edit are one edit, two edits are two."""
    edits = [
        message("Edited", second, user=user, version=None, messageBody="hi")
        for second in (1, 2)
        for user in ("8:acs:1_a", "b")
    ]

    assert [one.edits for one in _messages(message("Received", 0, version=None, **HELLO), *edits)] == [2]


def test_a_deleted_message_has_no_text() -> None:
    """Nor one of an edit that is older than the deletion."""
    told = _messages(
        message("Deleted", 9, messageBody="y"), message("Edited", 5, messageBody="x"), message("Received", 0, **HELLO)
    )

    assert told == [Message("m1", "8:acs:1_s", "Sam", edm(0), None, edits=1, deleted_at=edm(9))]


@pytest.mark.parametrize(
    ("records", "text", "gap"),
    [
        ([message("Edited", 5, **HELLO)], "hello", "its original is not recorded"),
        ([message("Deleted", 5)], None, "its original is not recorded"),
        ([message("Received", 0)], None, "its text is not recorded"),
        ([message("Received", 0, **HELLO), message("Edited", 5)], None, "its text is not recorded"),
        (
            [message("Received", 0, version=None, **HELLO), message("Edited", 5, version=None)],
            None,
            "its text is not recorded",
        ),
        ([message("Received", 0, **HELLO), message("Received", 0, user="8:acs:1_a")], "hello", None),
        ([message("Received", 0, messageBody="")], "", None),
        ([message("Received", 0), message("Deleted", 5)], None, None),
    ],
)
def test_what_is_missing_of_a_message_is_named(records: list[Any], text: str | None, gap: str | None) -> None:
    """The text before an edit is no answer to what was said after it."""
    told = tell_thread(records)

    assert told is not None
    assert [(one.text, one.gap) for one in told.messages] == [(text, gap)]
    assert told.gaps == (NO_CREATION, *([f"message m1: {gap}"] if gap else []))


def test_messages_come_oldest_first_and_those_without_id_stand_alone() -> None:
    """Two events that name no message cannot be told to be of one."""
    records = [
        message("Received", at_, composeTime=at(at_), messageId=id_, messageBody=id_)
        for at_, id_ in [(3, "b"), (1, "c"), (3, "a")]
    ]
    alone = [message("Received", second, composeTime=at(second), messageId=None, messageBody="x") for second in (5, 6)]

    assert [one.message_id for one in _messages(*alone, *records)] == ["c", "a", "b", "", ""]


def test_a_message_that_does_not_say_when_it_was_composed_has_the_time_of_its_event() -> None:
    """The oldest one that is recorded."""
    told = _messages(message("Edited", 4, composeTime=None, **HELLO), message("Received", 3, composeTime=None, **HELLO))

    assert [one.composed_at for one in told] == [edm(3)]


def test_typing_is_not_a_message_and_a_bot_command_is() -> None:
    """A command is said in the thread, an indicator is not."""
    records = [
        decode(delivered(samples.event(f"2025/Chat{name}ReceivedInThread")))
        for name in ("TypingIndicator", "AzureBotCommand")
    ]

    assert [one.text for one in _messages(*records)] == ["/book table 7"]


def test_people_come_and_go() -> None:
    """Those of the creation, and everyone who was added since and not removed since."""
    told = tell_thread(
        [
            thread("ChatThreadParticipantRemoved", 4, participantRemoved=person("s")),
            thread("ChatThreadParticipantAdded", 3, participantAdded=person("b")),
            thread("ChatThreadParticipantRemoved", 2, participantRemoved=person("b")),
            thread("ChatThreadParticipantAdded", 1, participantAdded=person("b")),
            thread("ChatThreadCreated", 0, createTime=at(0), participants=[person("s"), person("a")]),
        ]
    )

    assert told is not None
    assert told.participants == (Participant("8:acs:1_a", "A"), Participant("8:acs:1_b", "B"))
    assert (told.thread_id, told.created_at, told.gaps) == (THREAD, edm(0), ())


def test_someone_who_left_without_having_come_is_a_gap_once() -> None:
    """Every recipient is told of a removal: that is one gap, not one for each."""
    removals: list[Any] = [
        event(
            "ChatParticipantRemovedFromThreadWithUser",
            2,
            threadId=THREAD,
            version=7,
            recipientCommunicationIdentifier={"rawId": user},
            participantRemoved=person("x"),
        )
        for user in ("8:acs:1_a", "8:acs:1_b")
    ]
    told = tell_thread(removals)

    assert told is not None
    assert told.gaps == (NO_CREATION, "participant 8:acs:1_x: joining is not recorded")


def test_the_topic_is_the_newest_and_a_deleted_thread_says_when() -> None:
    """By version; a topic that is no string is no topic."""
    told = tell_thread(
        [
            thread("ChatThreadDeleted", 9, deleteTime=at(9)),
            thread("ChatThreadPropertiesUpdated", 6, properties={"topic": 7}),
            thread("ChatThreadPropertiesUpdated", 5, properties={"topic": "New"}),
            thread("ChatThreadCreated", 0, properties={"topic": "Old"}),
        ]
    )

    assert told is not None
    assert (told.topic, told.deleted_at, told.participants) == ("New", edm(9), ())


def test_a_story_is_told_of_whole_texts() -> None:
    """The transcript has what was said, not what fits a column."""
    body = "🌻" * 40_000

    assert [one.text for one in _messages(message("Received", 0, messageBody=body))] == [body]
    assert json.dumps(body) not in str(message("Received", 0, messageBody=body).columns["Body"])


def test_a_deletion_without_a_version_is_a_deletion() -> None:
    """Versions order events only where all of a message's events have one; else the event times do."""
    original = samples.event("2025/ChatMessageReceivedInThread")
    deletion = samples.event("2025/ChatMessageDeletedInThread")
    deletion["data"]["messageId"] = original["data"]["messageId"]
    del deletion["data"]["version"]
    story = tell_thread([decode(json.dumps(deletion)), decode(json.dumps(original))])

    assert story is not None
    (message,) = story.messages
    assert message.text is None
    assert "2025-05-06T09:13:02.1900000Z" == message.deleted_at


def test_a_list_of_people_that_could_not_be_read_is_a_gap() -> None:
    """Nobody is to take an empty list for an empty thread."""
    created = samples.event("2025/ChatThreadCreated")
    created["data"]["participants"][0]["displayName"] = 7
    story = tell_thread([decode(json.dumps(created))])

    assert story is not None
    assert () == story.participants
    assert "the participants of the created thread are not recorded" in story.gaps
