"""One thing that happens to an SMS, a message or a thread, as the event that ACS would send of it, decoded.

Whatever stands behind the named arguments goes into the payload, in place of what stands there otherwise.
"""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from shared.decoder import decode
from shared.events.event import Event

THREAD: Final = "19:0a@thread.v2"
_START: Final = datetime(2021, 2, 20, 1, tzinfo=UTC)
TIME_OF: Final = {"Received": "composeTime", "Edited": "editTime", "Deleted": "deleteTime"}


def at(second: float, hours: int = 0) -> str:
    """Write a time some seconds into the story, by a clock that is some hours ahead of UTC."""
    return (_START + timedelta(seconds=second)).astimezone(timezone(timedelta(hours=hours))).isoformat()


def edm(second: float) -> str:
    """Write the same time as columns have it."""
    return (_START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def event(name: str, second: float, *, published: float | None = None, event_id: str = "1", **data: Any) -> Event:
    """Decode one event of a type, `Microsoft.Communication.` left out; by itself it is published without delay."""
    grid = {
        "id": event_id,
        "topic": "/r",
        "eventType": f"Microsoft.Communication.{name}",
        "eventTime": at(second if published is None else published),
        "data": data,
    }
    return decode(json.dumps(grid))


def report(second: float, status: str | None, **data: Any) -> Event:
    """Decode a delivery report of the message `Out_1`."""
    told = {"messageId": "Out_1", "from": "15555550100", "to": "+15555550123", "deliveryStatus": status}
    return event("SMSDeliveryReportReceived", second, **told | {"receivedTimestamp": at(second)} | data)


def message(what: str, second: float, text: str | None = None, *, user: str | None = None, **data: Any) -> Event:
    """Decode what happened to a message: `Received`, `Edited` or `Deleted`; with a user as that user was told."""
    told = {
        "threadId": THREAD,
        "messageId": "m1",
        "senderCommunicationIdentifier": {"rawId": raw_id("s")},
        "senderDisplayName": "Sam",
        "composeTime": at(0),
        TIME_OF[what]: at(second),
        "messageBody": text,
        **_recipient(user),
    }
    return event(f"ChatMessage{what}{'' if user else 'InThread'}", second, **told | data)


def created(second: float, *people: dict[str, Any], user: str | None = None, **data: Any) -> Event:
    """Decode the creation of the thread with some people."""
    told = {"threadId": THREAD, "createTime": at(second), "participants": people, **_recipient(user)}
    return event(f"ChatThreadCreated{'WithUser' if user else ''}", second, **told | data)


def updated(second: float, topic: object, *, user: str | None = None, **data: Any) -> Event:
    """Decode a change of the topic."""
    told = {"threadId": THREAD, "editTime": at(second), "properties": {"topic": topic}, **_recipient(user)}
    return event(f"ChatThreadPropertiesUpdated{'PerUser' if user else ''}", second, **told | data)


def ended(second: float, *, user: str | None = None, **data: Any) -> Event:
    """Decode the deletion of the thread."""
    told = {"threadId": THREAD, "deleteTime": at(second), **_recipient(user)}
    return event("ChatThreadWithUserDeleted" if user else "ChatThreadDeleted", second, **told | data)


def member(what: str, second: float, who: dict[str, Any] | None, *, user: str | None = None, **data: Any) -> Event:
    """Decode that somebody was `Added` or `Removed`."""
    told = {"threadId": THREAD, "time": at(second), f"participant{what}": who, **_recipient(user)}
    of_user = f"ChatParticipant{what}{'To' if what == 'Added' else 'From'}ThreadWithUser"
    return event(of_user if user else f"ChatThreadParticipant{what}", second, **told | data)


def person(name: str, display_name: str | None = None) -> dict[str, Any]:
    """Describe a participant as the 2021 generation does; by itself the display name is the name with a capital."""
    shown = name.capitalize() if display_name is None else display_name
    return {"displayName": shown, "participantCommunicationIdentifier": {"rawId": raw_id(name)}}


def raw_id(name: str) -> str:
    """Write the raw id of a user."""
    return f"8:acs:1_{name}"


def _recipient(user: str | None) -> dict[str, Any]:
    return {} if user is None else {"recipientCommunicationIdentifier": {"rawId": raw_id(user)}}
