"""Redaction: an event of others reads on without the one who is erased."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsevents.operations.redaction import is_theirs, without
from acsevents.operations.whom import Target
from shared.decoder import decode
from shared.errors import NotJson
from shared.events.timestamps import Instant
from tests import samples
from tests.core.strategies import MANY
from tests.operations.people import ACS_USER, CALLER, ERASED, TEAMS_USER, Person, Told, told_events

WHEN = Instant.parse("2026-03-04T05:06:07Z")


@st.composite
def cases(draw: st.DrawFn) -> tuple[Target, Person, Told]:
    """Somebody to erase, and an event that may be theirs, list them, or neither."""
    kind, given_as, person = draw(st.sampled_from(ERASED))
    return Target(kind, given_as), person, draw(told_events(person))


@MANY
@given(cases())
def test_an_event_is_theirs_if_they_have_a_role_of_their_own(case: tuple[Target, Person, Told]) -> None:
    """Sender, recipient, participant who came or left, own number or peer; initiator and list do not count."""
    target, _, told = case

    assert is_theirs(decode(told.text), target) == told.is_theirs


@MANY
@given(cases())
def test_what_is_left_names_them_nowhere(case: tuple[Target, Person, Told]) -> None:
    """Not by id, name or metadata; an event that does not list them is left alone."""
    target, person, told = case
    event = decode(told.text)
    redacted = None if told.is_theirs else without(event, target, WHEN)
    if told.is_theirs or redacted is None:
        assert told.is_theirs or not told.lists_them
        return

    assert told.lists_them
    assert not target.stands_in(redacted.text)
    assert person.name not in str(redacted.text)
    assert (redacted.ticks, redacted.digest, redacted.redacted) == (event.ticks, event.digest, WHEN)
    assert (redacted.kind, redacted.envelope.id) == (event.kind, event.envelope.id)
    assert without(redacted, target, WHEN) is None


def created(**data: Any) -> str:
    """Write a thread-created event as Event Grid would."""
    event = samples.event("2021/ChatThreadCreated")
    return json.dumps({**event, "data": {**event["data"], **data}}, ensure_ascii=False)


def test_ids_names_and_metadata_become_erased_and_nothing_else_changes() -> None:
    """In the list and as the initiator; kinds stay, and so do the others."""
    ann = {"displayName": "Ann", "participantCommunicationIdentifier": {"rawId": "8:acs:1_a"}, "metadata": {"a": "b"}}
    pat = {"displayName": "Pat", "participantCommunicationIdentifier": TEAMS_USER.member, "metadata": {"Pat": "c"}}
    creator = {"rawId": TEAMS_USER.raw_id, "kind": "microsoftTeamsUser", **TEAMS_USER.member}
    text = created(createdByCommunicationIdentifier=creator, participants=[ann, pat], properties={"topic": "1e2 é"})
    redacted = without(decode(text), Target("user", TEAMS_USER.raw_id), WHEN)

    assert redacted is not None
    assert redacted.facts.initiator_id == "erased"
    assert redacted.facts.initiator_kind == "microsoftTeamsUser"
    first, second = redacted.facts.participants or []
    assert (first.id, first.display_name, first.metadata) == ("8:acs:1_a", "Ann", {"a": "b"})
    assert (second.id, second.kind, second.display_name) == ("erased", "microsoftTeamsUser", "erased")
    assert second.metadata == {"erased": "erased"}
    assert redacted.facts.thread_topic == "1e2 é"
    assert redacted.drift == decode(text).drift


def test_numbers_and_half_emoji_stay_as_they_are_spelled() -> None:
    """Only what names them is written anew."""
    odd = '[1e2, 0.10, 1e999, 12345678901234567890, "\\ud83d"]'
    text = created(createdBy=ACS_USER.raw_id, odd="here").replace('"here"', odd)
    redacted = without(decode(text), Target("user", ACS_USER.raw_id), WHEN)

    assert redacted is not None
    assert odd.replace(" ", "") in str(redacted.text)


@pytest.mark.parametrize(
    "data",
    [
        {"createdBy": [ACS_USER.raw_id]},
        {"createdBy": {"unknown": {"id": ACS_USER.raw_id.upper()}}},
        {"newInTheFuture": {"owners": [{"who": f" {ACS_USER.raw_id} ", "displayName": "Pat Secret"}]}},
        {"newInTheFuture": {ACS_USER.raw_id: "admin"}},
        {ACS_USER.raw_id: 1},
    ],
)
def test_an_id_in_an_odd_place_is_found_too(data: dict[str, Any]) -> None:
    """Of a wrong type, in a field that nobody knows yet, as the name of one."""
    redacted = without(decode(created(**data)), Target("user", ACS_USER.raw_id), WHEN)

    assert redacted is not None
    assert not Target("user", ACS_USER.raw_id).stands_in(redacted.text)
    assert "Pat Secret" not in str(redacted.text)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("2025/SMSReceived", {"from": 15555550199}),
        ("2025/SMSReceived", {"FROM": "+1 555 555 0199", "from": None}),
        ("2025/ChatMessageReceivedInThread", {"senderCommunicationIdentifier": CALLER.raw_id}),
        ("2020/ChatMemberAddedToThreadWithUser", {"memberAdded": [{"memberId": CALLER.raw_id}]}),
    ],
)
def test_a_role_in_an_odd_type_or_spelling_is_a_role(name: str, data: dict[str, Any]) -> None:
    """The columns may lack it; the event is theirs all the same."""
    event = samples.event(name)
    event["data"] = {key: value for key, value in {**event["data"], **data}.items() if value is not None}

    assert is_theirs(decode(json.dumps(event)), Target("number", "+15555550199"))


@pytest.mark.parametrize(
    "data",
    [
        {"properties": {"topic": CALLER.raw_id}},
        {"metadata": {"about": CALLER.raw_id}},
        {
            "participants": [
                {"displayName": "+15555550199", "participantCommunicationIdentifier": {"rawId": "8:acs:1_a"}}
            ]
        },
    ],
)
def test_what_others_write_stays(data: dict[str, Any]) -> None:
    """Topics, metadata and names are not searched."""
    assert without(decode(created(**data)), Target("number", "+15555550199"), WHEN) is None


def test_the_key_of_a_row_is_not_touched() -> None:
    """Even where it looks like them: keys stay."""
    text = created(threadId=CALLER.raw_id, createdByCommunicationIdentifier={"rawId": CALLER.raw_id})
    redacted = without(decode(text), Target("number", "+15555550199"), WHEN)

    assert redacted is not None
    assert (redacted.facts.thread_id, redacted.facts.initiator_id) == (CALLER.raw_id, "erased")


def test_a_thread_is_all_its_events() -> None:
    """Of both levels; nothing is left to redact."""
    for name in samples.NAMES:
        event = decode(json.dumps(samples.event(name)))
        if event.facts.thread_id is not None:
            assert is_theirs(event, Target("thread", event.facts.thread_id))
            assert not is_theirs(event, Target("thread", "19:another@thread.v2"))
            assert without(event, Target("thread", event.facts.thread_id), WHEN) is None


def test_what_is_nested_too_deeply_to_tell_says_so() -> None:
    """The caller decides what becomes of it."""
    event = decode(created(createdBy=ACS_USER.raw_id, deep="here").replace('"here"', f"{'[' * 900}{']' * 900}"))

    with pytest.raises(NotJson, match="nested too deeply"):
        without(event, Target("user", ACS_USER.raw_id), WHEN)
