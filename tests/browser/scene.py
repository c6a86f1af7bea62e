"""An evening at a restaurant, told by samples: what the pictures show, and what every view is checked with."""

import random
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from shared.errors import ContentError, InvalidData, MissingKey, UnsupportedType
from tests import samples
from tests.browser import sent
from tests.browser.sent import Event

OWN: Final = "+15555550100"
GUEST: Final = "+15555550123"
THREAD: Final = "19:7b2e4d1fa5c14f5f9f0a3c8d6e2b1a90@thread.v2"
MAYA: Final = "8:acs:109f0644-b956-4cd9-87b1-71024f6e2f44_0000001f-22aa-7d05-83fe-084822000f6d"
REMINDED: Final = "0f8fad5b-d9cb-469f-a165-70867728950e"
_JONAS: Final = "8:orgid:5f3c9c2a-0d4b-4a6e-8d0e-1b7f6a2c3d4e"
_TOLD_AT: Final = datetime(2025, 5, 6, 9, 12, 31, tzinfo=UTC)  # when the samples' chat begins
_CHAT: Final = (
    "ChatThreadCreated",
    "ChatMessageReceivedInThread",
    "ChatMessageEditedInThread",
    "ChatAzureBotCommandReceivedInThread",
    "ChatMessageDeletedInThread",
    "ChatThreadParticipantAdded",
    "ChatThreadPropertiesUpdated",
    "ChatTypingIndicatorReceivedInThread",
)
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_VERSION: Final = re.compile(r"\d{13}")
_ANSWERS: Final = (
    (_JONAS, "Jonas (host)", "Half past eight works. Inside or on the terrace?"),
    (MAYA, "Maya 🌻", "The terrace, please. We are four, and one of us brings a dog."),
    (_JONAS, "Jonas (host)", "Table 7 is yours. The dog gets water."),
)
_ASKED: Final = (
    "Is table 7 free tonight?",
    "Can we come at 9 instead?",
    "Do you have a high chair?",
    "YES",
    "Thank you!",
)


def of_the_last_hour(now: datetime) -> list[Event]:
    """Return the events of the hour before `now`."""
    chance = random.Random(7)
    return [*_sms(now, chance), *_chat(now - timedelta(minutes=9)), *_guests(now, chance)]


def just_now(now: datetime) -> list[Event]:
    """Return a few events that happen while somebody looks on."""
    return [
        sent.sms(OWN, GUEST, "We are on our way.", now - timedelta(seconds=2)),
        sent.report(OWN, GUEST, at=now - timedelta(seconds=1), Tag="reservations"),
        sent.message(THREAD, MAYA, "Maya 🌻", "See you in ten minutes!", now),
    ]


def dead_letters() -> list[tuple[Event, ContentError]]:
    """Return events that could not be recorded, with the reasons; the first can be by now."""
    early = sent.sample("2026/ChatTypingIndicatorReceivedInThread")
    nobody = sent.sample("2025/SMSReceived", to=None)
    wrong = sent.sample("2025/ChatMessageReceivedInThread", threadId=["19:…"])
    unknown = {**sent.sample("2025/SMSReceived"), "eventType": "Microsoft.Communication.SMSRead"}
    told: list[tuple[Event, type[ContentError], str, str]] = [
        (early, UnsupportedType, "this event type is not in the catalogue", "$.eventType"),
        (nobody, MissingKey, "null, and Number is part of the row's key", "$.data.to"),
        (wrong, InvalidData, "expected a string, and ThreadId is part of the row's key", "$.data.threadId"),
        (unknown, UnsupportedType, "this event type is not in the catalogue", "$.eventType"),
    ]
    return [
        (event, error(problem, place, event_id=event["id"], event_type=event["eventType"]))
        for event, error, problem, place in told
    ]


def _sms(now: datetime, chance: random.Random) -> list[Event]:
    """Reminders with their reports, most of them delivered, and what guests answer."""
    events = []
    for _ in range(90):
        at = now - timedelta(seconds=chance.triangular(20, 3_500, 600))
        guest = f"+1555555{chance.randrange(130, 160):04}"
        blocked = chance.random() < 0.06
        took = timedelta(seconds=chance.lognormvariate(1.2, 0.8))
        attempts = [
            {"timestamp": sent.written(at - took), "segmentsSucceeded": 0 if blocked else 1, "segmentsFailed": 0}
        ]
        told = "Sender blocked for given recipient." if blocked else "No error."
        events.append(
            sent.report(
                OWN,
                guest,
                "Failed" if blocked else "Delivered",
                at,
                deliveryStatusDetails=told,
                deliveryAttempts=attempts,
                Tag="reservations",
            )
        )
        if chance.random() < 0.4:
            events.append(sent.sms(OWN, guest, chance.choice(_ASKED), min(at + timedelta(minutes=2), now)))
    reminder = sent.report(OWN, GUEST, at=now - timedelta(minutes=12), messageId=REMINDED, Tag="reservations")
    answer = sent.sms(OWN, GUEST, "Is table 7 free tonight?", now - timedelta(minutes=11))
    return [*events, reminder, answer]


def _chat(begin: datetime) -> list[Event]:
    """The samples' chat about a table, and how it went on."""
    shift = begin - _TOLD_AT
    told = [_shifted(samples.event(f"2025/{name}"), shift) for name in _CHAT]
    answers = [
        sent.message(THREAD, sender, name, text, begin + timedelta(seconds=70 + 25 * index))
        for index, (sender, name, text) in enumerate(_ANSWERS)
    ]
    return [*told, *answers]


def _guests(now: datetime, chance: random.Random) -> list[Event]:
    """Other chats, of which a user-level event comes with each message."""
    events = []
    for number in range(30):
        at = now - timedelta(seconds=chance.triangular(20, 3_500, 1_800))
        thread = f"19:{number % 6:032x}@thread.v2"
        said = sent.message(thread, _JONAS, "Jonas (host)", chance.choice(_ASKED[1:]), at)
        recipient = {"recipientCommunicationIdentifier": sent.identity(MAYA)}
        events += [said, sent.sample("2026/ChatMessageReceived", at, **{**said["data"], **recipient})]
    return events


def _shifted(value: Any, by: timedelta) -> Any:
    """Move all times and versions in an event."""
    if isinstance(value, dict):
        return {name: _shifted(inner, by) for name, inner in value.items()}
    if isinstance(value, list):
        return [_shifted(inner, by) for inner in value]
    if isinstance(value, int) and _VERSION.fullmatch(str(value)):
        return value + int(by.total_seconds() * 1000)
    if isinstance(value, str) and _VERSION.fullmatch(value):
        return str(_shifted(int(value), by))
    if isinstance(value, str) and _TIME.fullmatch(value):
        return sent.written(datetime.fromisoformat(value).astimezone(UTC) + by)
    return value
