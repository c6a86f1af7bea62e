"""Small events made to measure; the samples are in `tests.samples`."""

import json
from typing import Any

PREFIX = "Microsoft.Communication."


def event(kind: str, data: dict[str, Any], **envelope: Any) -> str:
    """Write an event in Event Grid schema as Event Grid would."""
    whole = {"id": "e-1", "eventType": PREFIX + kind, "eventTime": "2026-01-02T03:04:05.1234567Z", "dataVersion": "1.0"}
    return json.dumps({**whole, **envelope, "data": data})


def sms(message_id: str = "m-1", **data: Any) -> str:
    """Write a received SMS; it takes two rows, in two tables."""
    default = {"messageId": message_id, "from": "+15550001111", "to": "+15550002222", "message": "hello"}
    return event("SMSReceived", {**default, **data}, id=message_id)


def chat(message_id: str = "m-1", **data: Any) -> str:
    """Write a chat message of a thread; it takes one row."""
    default = {"threadId": "19:thread@thread.v2", "messageId": message_id, "messageBody": "hello", "version": 1}
    return event("ChatMessageReceivedInThread", {**default, **data}, id=message_id)


def family_function(kind: str) -> str:
    """Tell the function that Event Grid delivers a type to."""
    if kind.startswith("SMS"):
        return "sms_events"
    threads = ("InThread", "ThreadCreated", "ThreadDeleted", "ThreadPropertiesUpdated")
    if kind.endswith(threads) or kind.startswith("ChatThreadParticipant"):
        return "chat_thread_events"
    return "chat_user_events"
