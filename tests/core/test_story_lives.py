"""Stories of generated lives: everything that happened is shown or named as a gap, from any events that report it."""

from collections import Counter
from typing import Final

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.events.event import Event
from shared.stories import Message, Participant, SmsStory, Transcript, tell_history, tell_sms, tell_thread
from tests.core.happenings import THREAD, edm, raw_id
from tests.core.lives import Life, Said, SmsLife, Telling, ThreadLife, sms_lives, thread_lives
from tests.core.strategies import MANY

DECIDED: Final = st.sampled_from(
    [
        Telling(),
        Telling(punctual=True),
        Telling(cut=False),
        Telling(apart=False, versions=True),
        Telling(apart=False, versions=True, clocks=False),
    ]
)
"""Events that tell enough: changes far enough apart for times that agree, or versions, whatever the times say."""
DECIDED_SMS: Final = st.sampled_from([Telling(), Telling(punctual=True), Telling(cut=False)])
OPEN: Final = st.sampled_from([Telling(apart=False, punctual=True, cut=cut) for cut in (True, False)])
"""Events that may tell too little: changes of one second, and versions on some of them."""


def arrived(life: Life, data: st.DataObject) -> list[Event]:
    """Return the events of a life in any order, with any duplicates."""
    again = data.draw(st.lists(st.sampled_from(life.events), max_size=3))
    return data.draw(st.permutations(life.events + again))


def true_sms(life: SmsLife) -> SmsStory:
    """Return the true story."""
    (first, _, _), (second, status, details) = life.reports[0], life.reports[-1]
    return SmsStory(
        message_id="Out_1",
        direction="outbound",
        sender="+15555550100",
        recipient="+15555550123",
        status=status,
        details=details,
        attempts=tuple(life.attempts),
        first_event=edm(life.shown(first)),
        last_event=edm(life.shown(second)),
        events=len(life.reports),
    )


def true_thread(life: ThreadLife) -> Transcript:
    """Return the true story."""
    return Transcript(
        thread_id=THREAD,
        topic=life.topic,
        participants=tuple(Participant(raw_id(one), life.names[one]) for one in sorted(life.present)),
        messages=tuple(true_message(life, one, said) for one, said in life.messages.items()),
        created_at=edm(0),
        deleted_at=None if life.ended is None else edm(life.shown(life.ended)),
    )


def true_message(life: ThreadLife, one: str, said: Said) -> Message:
    """Return the true story of one message."""
    return Message(
        message_id=one,
        sender_id=raw_id("s"),
        sender_name=said.name,
        composed_at=edm(life.shown(said.composed)),
        text=said.text,
        edits=said.edits,
        deleted_at=None if said.deleted is None else edm(life.shown(said.deleted)),
    )


def timeless(transcript: Transcript) -> Transcript:
    """Remove times, but not whether there is one."""
    messages = [
        replace(message, composed_at=None, deleted_at=message.deleted_at and "deleted")
        for message in transcript.messages
    ]
    ended = transcript.deleted_at and "deleted"
    return replace(transcript, created_at=None, deleted_at=ended, messages=tuple(messages))


@MANY
@given(sms_lives(DECIDED_SMS), st.data())
def test_the_story_of_an_sms_is_what_happened_to_it(life: SmsLife, data: st.DataObject) -> None:
    """Status, details, attempts and times are true, in any order of arrival and publication."""
    assert tell_sms(arrived(life, data)) == true_sms(life)


@MANY
@given(thread_lives(DECIDED), st.data())
def test_the_story_of_a_thread_is_what_happened_in_it(life: ThreadLife, data: st.DataObject) -> None:
    """Participants, topic and messages are true, from events of one or both levels, with versions or times apart."""
    told, truth = tell_thread(arrived(life, data)), true_thread(life)

    assert told is not None
    if not life.telling.clocks:
        told, truth = timeless(told), timeless(truth)
    assert told == truth


@MANY
@given(thread_lives(DECIDED), st.data())
def test_the_history_of_a_thread_tells_every_change_once_and_in_order(life: ThreadLife, data: st.DataObject) -> None:
    """Each message from its original on, the thread from creation to deletion, and each addition and removal."""
    told = tell_history(arrived(life, data))

    def steps(message_id: str | None, of: str) -> list[tuple[str, str]]:
        here = [step for step in told if step.message_id == message_id and step.kind.startswith(of)]
        return [(step.kind, step.what or "") for step in here]

    assert steps(None, "thread") == [(kind, what or "") for kind, what in life.steps]
    for one, said in life.messages.items():
        assert steps(one, "message") == [(kind, what or "") for kind, what in said.steps]
    assert Counter(kind for kind, _ in steps(None, "participant")) == life.moves


@MANY
@given(sms_lives(OPEN), st.data())
def test_what_happened_to_an_sms_within_one_second_is_told_or_a_gap(life: SmsLife, data: st.DataObject) -> None:
    """Two failures in one second are a gap; a delivery is not, since it ends the failures."""
    told, truth = tell_sms(arrived(life, data)), true_sms(life)

    assert told is not None
    assert (told.status, told.details) == (truth.status, truth.details) or told.gaps
    assert truth.status != "Delivered" or (told.status, told.gaps) == ("Delivered", ())


@MANY
@given(thread_lives(OPEN), st.data())
def test_what_happened_in_a_thread_within_one_second_is_told_or_a_gap(life: ThreadLife, data: st.DataObject) -> None:
    """A text, topic or participant that is not the true one has a gap that names it."""
    told, truth = tell_thread(arrived(life, data)), true_thread(life)

    assert told is not None
    assert told.topic == truth.topic or any("topic" in gap for gap in told.gaps)
    for one in {person.id for person in told.participants} ^ {person.id for person in truth.participants}:
        assert any(one in gap for gap in told.gaps)
    said = {message.message_id: message for message in told.messages}
    for message in truth.messages:
        about = said.pop(message.message_id)
        assert about.text == message.text or about.gap
        assert (about.deleted_at is None) == (message.deleted_at is None)
    assert said == {}
