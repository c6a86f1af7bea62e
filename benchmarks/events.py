"""The measured events, in the form that the Functions host hands over: compact JSON in Event Grid schema."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from acsevents.samples import SAMPLES

OWN_NUMBER = "15555550100"
THREAD = "19:e07c8ddc5bab4c059ea9f11d29b544b6@thread.v2"
_START = datetime(2026, 1, 1, tzinfo=UTC)


def sms_reports(count: int, *, first: int = 0, own: str = OWN_NUMBER) -> Iterator[str]:
    """Yield delivery reports of different messages sent by one number."""
    for number in range(first, first + count):
        event = _sample("2025/SMSDeliveryReportReceived.json")
        message = f"0f8fad5b-d9cb-469f-a165-{number:012x}"
        data = {**event["data"], "messageId": message, "from": own, "receivedTimestamp": _time(number)}
        yield _text({**event, "id": message, "eventTime": _time(number), "data": data})


def chat_fan_out(count: int, *, users: int = 250, first: int = 0) -> Iterator[str]:
    """Yield the events of consecutive messages, each delivered to every user of a thread in turn."""
    for number in range(first, first + count):
        event = _sample("2021/ChatMessageReceived.json")
        message, user = divmod(number, users)
        user_id = f"8:acs:109f0644-b956-4cd9-87b1-71024f6e2f44_00000008-578d-7d05-83fe-{user:012x}"
        data = {
            **event["data"],
            "messageId": str(1_613_694_358_927 + message),
            "version": 1_613_694_358_927 + message,
            "recipientId": user_id,
            "recipientCommunicationIdentifier": {"rawId": user_id, "communicationUser": {"id": user_id}},
        }
        yield _text({**event, "id": f"02272459-badb-4e2e-b538-{number:012x}", "eventTime": _time(number), "data": data})


def thread_messages(count: int) -> Iterator[str]:
    """Yield the events of one thread: its creation, then messages, of which every tenth is an edit."""
    created = _sample("2021/ChatThreadCreated.json")
    yield _text({**created, "data": {**created["data"], "threadId": THREAD}})
    for number in range(1, count):
        edit = number % 10 == 0
        event = _sample(f"2021/ChatMessage{'Edited' if edit else 'Received'}InThread.json")
        message = number - 1 if edit else number
        data = {
            **event["data"],
            "threadId": THREAD,
            "messageId": str(1_613_782_685_000 + message),
            "version": str(1_613_782_685_000 + number),
            "composeTime": _time(message),
        }
        yield _text({**event, "id": f"4f614f97-c451-4b82-a8c9-{number:012x}", "eventTime": _time(number), "data": data})


def _time(number: int) -> str:
    return (_START + timedelta(milliseconds=37 * number)).isoformat(timespec="microseconds").replace("+00:00", "7Z")


def _text(event: dict[str, Any]) -> str:
    return json.dumps(event, separators=(",", ":"), ensure_ascii=False)


@cache
def _sample(name: str) -> dict[str, Any]:
    sample: dict[str, Any] = json.loads((SAMPLES / name).read_text(encoding="utf-8"))[0]
    return sample
