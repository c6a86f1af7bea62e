"""The line of an event in a list: the same from its row in `Timeline` and from its record, on Azurite."""

from typing import Any

import pytest

from shared.decoder import decode
from shared.lookups import EventLine, EventQuery, Lookups
from shared.lookups.lines import line_of_record
from shared.rows.keys import newest_first
from shared.rows.records import owner_of
from shared.storage.account import Account
from tests.storage.events import chat, event, sms
from tests.storage.opening import opened_sink

OUR = "+15550002222"
THREAD = "19:thread@thread.v2"
_REPORT = {"messageId": "m", "from": OUR, "to": "+15550001111", "deliveryStatus": "Failed"}
_PERSON = {"participantCommunicationIdentifier": {"rawId": "8:acs:new"}}


def in_thread(kind: str, **data: Any) -> str:
    """Return a thread-level event."""
    return event(kind, {"threadId": THREAD, "version": 1, **data})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (sms(), ("sms.received", "+15550001111", OUR, "hello")),
        (
            event("SMSDeliveryReportReceived", _REPORT),
            ("sms.delivery-report", "+15550002222", "+15550001111", "Failed"),
        ),
        (chat(senderId="8:acs:1"), ("message.received", "8:acs:1", THREAD, "hello")),
        (chat(senderId="8:acs:1", senderDisplayName="Maya"), ("message.received", "Maya", THREAD, "hello")),
        (chat(senderId="8:acs:1", senderDisplayName=" "), ("message.received", "8:acs:1", THREAD, "hello")),
        (
            event("ChatMessageReceived", {"threadId": THREAD, "recipientId": "8:acs:2", "senderId": "8:acs:1"}),
            ("message.received", "8:acs:1", "8:acs:2", None),
        ),
        (
            in_thread("ChatThreadPropertiesUpdated", editedBy="8:acs:1", properties={"topic": "Table 7"}),
            ("thread.updated", "8:acs:1", THREAD, "Table 7"),
        ),
        (
            in_thread("ChatThreadParticipantAdded", addedBy="8:acs:1", participantAdded=_PERSON),
            ("participant.added", "8:acs:1", THREAD, "8:acs:new"),
        ),
        (
            in_thread("ChatThreadParticipantAdded", participantAdded={**_PERSON, "displayName": "Jonas"}),
            ("participant.added", None, THREAD, "Jonas"),
        ),
    ],
)
async def test_a_line_has_who_did_what_to_whom(
    text: str, expected: tuple[str, str | None, str | None, str | None], account: Account
) -> None:
    """A display name is preferred to an id unless it is blank."""
    async with opened_sink(account) as sink:
        await sink.receive(text, function="sms_events")
    owner = owner_of(decode(text))
    wanted = EventQuery(number=owner) if expected[0].startswith("sms") else EventQuery(thread=THREAD)
    async with Lookups(account) as lookups:
        (from_timeline,) = [line async for line in lookups.lines(EventQuery())]
        (from_record,) = [line async for line in lookups.lines(wanted)]

    assert expected == (from_timeline.kind, from_timeline.who, from_timeline.whom, from_timeline.what)
    assert from_timeline.handle == from_record.handle
    assert expected == (from_record.kind, from_record.who, from_record.whom, from_record.what)


async def test_a_line_counts_the_drift(account: Account) -> None:
    """It is absent if there is none."""
    async with opened_sink(account) as sink:
        await sink.receive(sms("none"), function="sms_events")
        await sink.receive(sms("two", brandNew=1, segmentCount="many"), function="sms_events")
    lines: list[EventLine] = []
    async with Lookups(account) as lookups:
        for wanted in (EventQuery(), EventQuery(number=OUR)):
            lines += [line async for line in lookups.lines(wanted)]

    assert [None, None, 2, 2] == sorted((line.drift for line in lines), key=lambda drift: drift or 0)


@pytest.mark.parametrize(("drift", "count"), [('["a", "b"]', 2), ("no JSON", 1), ("{}", None), (7, None), (None, None)])
def test_a_damaged_drift_counts_once(drift: object, count: int | None) -> None:
    """If it is not a list of notes, there is no count."""
    row = {"PartitionKey": "+1", "RowKey": newest_first(1, "0" * 16), "Kind": "sms.received", "Drift": drift}

    assert count == line_of_record(row).drift
