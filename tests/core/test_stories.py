"""Stories in general: the order of arrival has no effect."""

from typing import Final

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoder import decode
from shared.events.event import Event
from shared.stories import tell_sms, tell_thread
from tests import samples
from tests.core.lives import Life, Telling, sms_lives, thread_lives
from tests.core.strategies import FEW, MANY, delivered

TELLINGS: Final = st.builds(Telling)
"""Events that tell anything: contradictory times, and versions on some of them."""


def recorded(life: Life, data: st.DataObject) -> list[Event]:
    """Return some of the events of a life, at least one."""
    return data.draw(st.lists(st.sampled_from(life.events), min_size=1, unique_by=lambda event: event.digest))


def redelivered(events: list[Event], data: st.DataObject) -> list[Event]:
    """Return events in any order, with any duplicates."""
    return data.draw(st.permutations(events + data.draw(st.lists(st.sampled_from(events)))))


@pytest.mark.promise("Order-free")
@MANY
@given(sms_lives(TELLINGS), st.data())
def test_the_story_of_an_sms_is_the_same_in_any_order_and_with_any_duplicates(life: Life, data: st.DataObject) -> None:
    """Late, repeated or unordered deliveries do not change the answer."""
    events = recorded(life, data)

    assert tell_sms(redelivered(events, data)) == tell_sms(events)


@pytest.mark.promise("Order-free")
@MANY
@given(thread_lives(TELLINGS), st.data())
def test_the_story_of_a_thread_is_the_same_in_any_order_and_with_any_duplicates(
    life: Life, data: st.DataObject
) -> None:
    """With events of both levels mixed, and any of them missing."""
    events = recorded(life, data)

    assert tell_thread(redelivered(events, data)) == tell_thread(events)


@FEW
@given(st.lists(st.sampled_from(samples.NAMES)), st.data())
def test_stories_can_be_told_of_any_events_of_their_tables(names: list[str], data: st.DataObject) -> None:
    """Even of both generations and levels mixed; each can be written as JSON."""
    events = [decode(delivered(samples.event(name))) for name in names]
    sms = [event for event in events if event.kind.startswith("sms")]
    chat = [event for event in events if event not in sms]
    told = [tell_sms(sms), tell_thread(chat)]

    assert [story is None for story in told] == [not sms, not chat]
    assert told == [tell_sms(data.draw(st.permutations(sms))), tell_thread(data.draw(st.permutations(chat)))]
    assert len(msgspec.json.decode(msgspec.json.encode(told))) == 2


def test_there_is_no_story_without_records() -> None:
    """None, not an empty story."""
    assert (tell_sms([]), tell_thread([])) == (None, None)
