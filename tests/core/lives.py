"""What may happen to a message or a thread, told as the events that ACS would send: thread-level and user-level."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from shared.decoder import decode
from shared.events.event import Event

THREAD: Final = "19:0a@thread.v2"
_EPOCH: Final = datetime(2021, 2, 20, 1, tzinfo=UTC)
_RECIPIENTS: Final = ("8:acs:1_a", "8:acs:1_b")
_TIME_OF: Final = {"Received": "composeTime", "Edited": "editTime", "Deleted": "deleteTime"}


def at(second: float) -> str:
    """Write a time some seconds into the story as thread-level events do."""
    return (_EPOCH + timedelta(seconds=second)).isoformat()


def edm(second: float) -> str:
    """Write the same time as columns have it."""
    return (_EPOCH + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def event(name: str, second: float, **data: Any) -> Event:
    """Decode one event of a type, `Microsoft.Communication.` left out, some seconds into the story."""
    text = {
        "id": json.dumps([name, second, data], default=str),
        "topic": "/r",
        "eventType": f"Microsoft.Communication.{name}",
        "eventTime": at(second),
        "data": data,
    }
    return decode(json.dumps(text))


def report(second: float, status: str, **data: Any) -> Event:
    """Decode a delivery report of the message `Out_1`."""
    return event(
        "SMSDeliveryReportReceived",
        second,
        **{"messageId": "Out_1", "from": "15555550100", "to": "+15555550123", "deliveryStatus": status, **data},
    )


def message(what: str, second: float, *, user: str | None = None, **data: Any) -> Event:
    """Decode what happened to a message, `Received`, `Edited` or `Deleted`; with a user the user-level event of it."""
    level: dict[str, Any] = {"recipientId": user} if user else {}
    said = {
        "threadId": THREAD,
        "messageId": "m1",
        "senderId": "8:acs:1_s",
        "senderCommunicationIdentifier": {"rawId": "8:acs:1_s"},
        "senderDisplayName": "Sam",
        "composeTime": at(0),
        "version": 1_613_782_800_000 + round(second * 1_000),
        _TIME_OF[what]: at(second),
        **level,
        **data,
    }
    return event(f"ChatMessage{what}{'' if user else 'InThread'}", second, **said)


def thread(name: str, second: float, **data: Any) -> Event:
    """Decode a thread-level event that is not about a message."""
    return event(name, second, threadId=THREAD, version=1_613_782_800_000 + round(second * 1_000), **data)


def person(name: str) -> dict[str, Any]:
    """Describe a participant as the 2021 generation does."""
    return {"displayName": name.capitalize(), "participantCommunicationIdentifier": {"rawId": f"8:acs:1_{name}"}}


@st.composite
def sms_lives(draw: st.DrawFn) -> list[Event]:
    """Several reports of one SMS, some of the same attempt, some at the same time."""
    attempt = st.fixed_dictionaries(
        {"segmentsSucceeded": st.integers(0, 2), "segmentsFailed": st.integers(0, 2)},
        optional={
            "timestamp": st.sampled_from([at(0), at(0.5), "2021-02-20T01:00:00Z", "2021-02-20T02:00:00+01:00", "soon"])
        },
    )
    return [
        report(
            draw(st.integers(0, 3)),
            draw(st.sampled_from(["Delivered", "Failed"])),
            deliveryAttempts=draw(st.lists(attempt, max_size=3)),
            tag=draw(st.sampled_from([None, "a", "b"])),
        )
        for _ in range(draw(st.integers(1, 4)))
    ]


@st.composite
def thread_lives(draw: st.DrawFn) -> list[Event]:
    """A thread with people who come and go and messages that are edited and deleted, with any of it unrecorded."""
    records = [thread("ChatThreadCreated", 0, properties={"topic": "First"}, participants=[person("s"), person("a")])]
    records += [_about_the_thread(draw, second) for second in range(draw(st.integers(0, 4)))]
    for _ in range(draw(st.integers(0, 3))):
        records += _about_a_message(draw)
    kept = draw(st.lists(st.booleans(), min_size=len(records), max_size=len(records)))
    return [record for record, is_kept in zip(records, kept, strict=True) if is_kept] or records


def _about_the_thread(draw: st.DrawFn, second: int) -> Event:
    someone = person(draw(st.sampled_from("abs")))
    what = draw(st.sampled_from(["Added", "Removed", "Updated", "Deleted"]))
    if what == "Updated":
        return thread("ChatThreadPropertiesUpdated", second, properties={"topic": draw(st.sampled_from("XY"))})
    if what == "Deleted":
        return thread("ChatThreadDeleted", second, deleteTime=at(second))
    return thread(f"ChatThreadParticipant{what}", second, time=at(second), **{f"participant{what}": someone})


def _about_a_message(draw: st.DrawFn) -> list[Event]:
    second = draw(st.integers(0, 4))
    what = draw(st.sampled_from(["Received", "Edited", "Edited", "Deleted"]))
    said: dict[str, Any] = {"messageId": draw(st.sampled_from(["m1", "m2", None]))}
    if what != "Deleted":
        said["messageBody"] = draw(st.sampled_from(["hello", "hello again", None]))
    if draw(st.booleans()):
        said["version"] = None
    users = draw(st.sets(st.sampled_from([None, *_RECIPIENTS]), min_size=1))
    return [message(what, second, user=user, **said) for user in sorted(users, key=str)]
