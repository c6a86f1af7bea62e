"""Events to send: samples with an id, a time, and whose names and texts the test chooses."""

import random
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from tests import samples

Event = dict[str, Any]


def number() -> str:
    """Return a phone number that no other test uses."""
    return f"+1555{random.randrange(10**7):07}"


def thread_id() -> str:
    """Return the id of a chat thread that no other test uses."""
    return f"19:{uuid.uuid4().hex}@thread.v2"


def user_id() -> str:
    """Return the raw id of a user that no other test uses."""
    return f"8:acs:109f0644-b956-4cd9-87b1-71024f6e2f44_{uuid.uuid4()}"


def written(moment: datetime) -> str:
    """Write a time as ACS does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def sample(name: str, at: datetime | None = None, **data: Any) -> Event:
    """Return a sample with an id of its own, of now or another time, with changes in its data."""
    event, time = samples.event(name), written(at or datetime.now(UTC))
    return {**event, "id": str(uuid.uuid4()), "eventTime": time, "data": {**event["data"], **data}}


def sms(own: str, peer: str, text: str, at: datetime | None = None) -> Event:
    """Return an SMS received by an own number."""
    at = at or datetime.now(UTC)
    received = {"messageId": str(uuid.uuid4()), "from": peer, "to": own, "message": text}
    return sample("2025/SMSReceived", at, receivedTimestamp=written(at), **received)


def report(own: str, peer: str, status: str = "Delivered", at: datetime | None = None, **data: Any) -> Event:
    """Return a delivery report about an SMS that an own number sent, after two attempts."""
    at = at or datetime.now(UTC)
    attempts = [
        {"timestamp": written(at - timedelta(seconds=8)), "segmentsSucceeded": 0, "segmentsFailed": 1},
        {"timestamp": written(at - timedelta(seconds=2)), "segmentsSucceeded": 1, "segmentsFailed": 0},
    ]
    about: Event = {"messageId": str(uuid.uuid4()), "from": own, "to": peer, "deliveryStatus": status}
    about |= {"receivedTimestamp": written(at), "deliveryAttempts": attempts}
    return sample("2025/SMSDeliveryReportReceived", at, **{**about, **data})


def identity(raw_id: str) -> Event:
    """Return a user as events name them."""
    return {"kind": "communicationUser", "rawId": raw_id, "communicationUser": {"id": raw_id}}


def message(thread: str, sender: str, name: str, text: str, at: datetime | None = None, **data: Any) -> Event:
    """Return a chat message, as the thread's events have it."""
    at = at or datetime.now(UTC)
    milliseconds = str(int(at.timestamp() * 1000))
    said = {
        "threadId": thread,
        "messageBody": text,
        "messageId": milliseconds,
        "version": milliseconds,
        "senderDisplayName": name,
        "senderCommunicationIdentifier": identity(sender),
        "composeTime": written(at),
    }
    return sample("2025/ChatMessageReceivedInThread", at, **{**said, **data})
