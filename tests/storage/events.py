"""Small events with chosen content; the samples are in `tests.samples`."""

import json
from typing import Any

PREFIX = "Microsoft.Communication."


def event(kind: str, data: dict[str, Any], **envelope: Any) -> str:
    """Return an event in Event Grid schema as text."""
    whole = {"id": "e-1", "eventType": PREFIX + kind, "eventTime": "2026-01-02T03:04:05.1234567Z", "dataVersion": "1.0"}
    return json.dumps({**whole, **envelope, "data": data})


def sms(message_id: str = "m-1", **data: Any) -> str:
    """Return a received SMS as text; it becomes rows in two tables and `Timeline`."""
    default = {"messageId": message_id, "from": "+15550001111", "to": "+15550002222", "message": "hello"}
    return event("SMSReceived", {**default, **data}, id=message_id)


def chat(message_id: str = "m-1", **data: Any) -> str:
    """Return a chat message of a thread as text; it becomes a row in one table and in `Timeline`."""
    default = {"threadId": "19:thread@thread.v2", "messageId": message_id, "messageBody": "hello", "version": 1}
    return event("ChatMessageReceivedInThread", {**default, **data}, id=message_id)


def family_function(kind: str) -> str:
    """Return the function that Event Grid delivers a type to."""
    if kind.startswith("SMS"):
        return "sms_events"
    threads = ("InThread", "ThreadCreated", "ThreadDeleted", "ThreadPropertiesUpdated")
    if kind.endswith(threads) or kind.startswith("ChatThreadParticipant"):
        return "chat_thread_events"
    return "chat_user_events"
