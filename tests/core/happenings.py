"""Decoded events, as ACS sends them, of single changes of an SMS, a message or a thread.

Named arguments replace fields of the payload.
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
    """Return a time some seconds after the start, with an offset from UTC."""
    return (_START + timedelta(seconds=second)).astimezone(timezone(timedelta(hours=hours))).isoformat()


def edm(second: float) -> str:
    """Return the same time as an Edm.DateTime literal."""
    return (_START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%S.%f0Z")


def event(name: str, second: float, *, published: float | None = None, event_id: str = "1", **data: Any) -> Event:
    """Return an event of a type, given without `Microsoft.Communication.`; by default it is published at once."""
    grid = {
        "id": event_id,
        "topic": "/r",
        "eventType": f"Microsoft.Communication.{name}",
        "eventTime": at(second if published is None else published),
        "data": data,
    }
    return decode(json.dumps(grid))


def report(second: float, status: str | None, **data: Any) -> Event:
    """Return a delivery report of the message `Out_1`."""
    told = {"messageId": "Out_1", "from": "15555550100", "to": "+15555550123", "deliveryStatus": status}
    return event("SMSDeliveryReportReceived", second, **told | {"receivedTimestamp": at(second)} | data)


def message(what: str, second: float, text: str | None = None, *, user: str | None = None, **data: Any) -> Event:
    """Return an event of a message: `Received`, `Edited` or `Deleted`; at user level if a user is given."""
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
    """Return the creation of the thread with some people."""
    told = {"threadId": THREAD, "createTime": at(second), "participants": people, **_recipient(user)}
    return event(f"ChatThreadCreated{'WithUser' if user else ''}", second, **told | data)


def updated(second: float, topic: object, *, user: str | None = None, **data: Any) -> Event:
    """Return a change of the topic."""
    told = {"threadId": THREAD, "editTime": at(second), "properties": {"topic": topic}, **_recipient(user)}
    return event(f"ChatThreadPropertiesUpdated{'PerUser' if user else ''}", second, **told | data)


def ended(second: float, *, user: str | None = None, **data: Any) -> Event:
    """Return the deletion of the thread."""
    told = {"threadId": THREAD, "deleteTime": at(second), **_recipient(user)}
    return event("ChatThreadWithUserDeleted" if user else "ChatThreadDeleted", second, **told | data)


def member(what: str, second: float, who: dict[str, Any] | None, *, user: str | None = None, **data: Any) -> Event:
    """Return the event of a person who was `Added` or `Removed`."""
    told = {"threadId": THREAD, "time": at(second), f"participant{what}": who, **_recipient(user)}
    of_user = f"ChatParticipant{what}{'To' if what == 'Added' else 'From'}ThreadWithUser"
    return event(of_user if user else f"ChatThreadParticipant{what}", second, **told | data)


def person(name: str, display_name: str | None = None) -> dict[str, Any]:
    """Return a participant in the form of 2021; by default the display name is the capitalized name."""
    shown = name.capitalize() if display_name is None else display_name
    return {"displayName": shown, "participantCommunicationIdentifier": {"rawId": raw_id(name)}}


def raw_id(name: str) -> str:
    """Return the raw id of a user."""
    return f"8:acs:1_{name}"


def _recipient(user: str | None) -> dict[str, Any]:
    return {} if user is None else {"recipientCommunicationIdentifier": {"rawId": raw_id(user)}}
