"""The peer that validates events with pydantic models."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field


class _Attempt(BaseModel):
    timestamp: datetime
    segments_succeeded: int = Field(alias="segmentsSucceeded")
    segments_failed: int = Field(alias="segmentsFailed")


class _CommunicationUser(BaseModel):
    id: str


class _Identifier(BaseModel):
    raw_id: str = Field(alias="rawId")
    user: _CommunicationUser | None = Field(default=None, alias="communicationUser")


class _Report(BaseModel):
    message_id: str = Field(alias="messageId")
    sender: str = Field(alias="from")
    recipient: str = Field(alias="to")
    status: str = Field(alias="deliveryStatus")
    details: str | None = Field(default=None, alias="deliveryStatusDetails")
    attempts: list[_Attempt] = Field(alias="deliveryAttempts")
    received: datetime = Field(alias="receivedTimestamp")
    tag: str | None = Field(default=None, alias="Tag")


class _Message(BaseModel):
    message_id: str = Field(alias="messageId")
    thread_id: str = Field(alias="threadId")
    text: str = Field(alias="messageBody")
    sender: _Identifier = Field(alias="senderCommunicationIdentifier")
    recipient: _Identifier = Field(alias="recipientCommunicationIdentifier")
    sender_name: str | None = Field(default=None, alias="senderDisplayName")
    composed: datetime = Field(alias="composeTime")
    version: int
    metadata: dict[str, str] | None = None


class _Event(BaseModel):
    id: str
    topic: str
    subject: str
    event_type: str = Field(alias="eventType")
    event_time: datetime = Field(alias="eventTime")
    data: _Report | _Message


def read(text: str) -> dict[str, Any]:
    """Validate an event and return the columns of its row."""
    event = _Event.model_validate_json(text)
    data = event.data
    report = data if isinstance(data, _Report) else None
    message = data if isinstance(data, _Message) else None
    return {
        "PartitionKey": report.sender if report else message.recipient.raw_id if message else "",
        "RowKey": event.id,
        "EventType": event.event_type,
        "Subject": event.subject,
        "EventTime": event.event_time,
        "MessageId": data.message_id,
        "Status": report.status if report else None,
        "Text": message.text if message else None,
        "Data": data.model_dump_json(by_alias=True),
    }
