"""Payloads of the SMS events.

https://learn.microsoft.com/azure/event-grid/communication-services-telephony-sms-events
"""

from typing import Any, ClassVar

import msgspec

from shared.events.identifiers import e164
from shared.events.payloads import Int32, Payload, Sources
from shared.events.reading import Tolerant


class SmsReceived(Payload):
    """A message that one of the resource's own numbers received."""

    occurred: ClassVar[str] = "receivedTimestamp"
    sources: ClassVar[Sources] = {"Number": ("to",), "MessageId": ("messageId",)}

    message_id: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    message: str | None = None
    received_timestamp: str | None = None
    segment_count: Int32 | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        sender, recipient = _address(self.from_), _address(self.to)
        return {
            "MessageId": self.message_id,
            "Direction": "inbound",
            "Number": recipient,
            "Peer": sender,
            "From": sender,
            "To": recipient,
            "Body": self.message,
            "SegmentCount": self.segment_count,
            "OccurredAt": self.received_timestamp,
        }


class DeliveryAttempt(Tolerant, omit_defaults=True):
    """One try to hand the message to the carrier."""

    timestamp: str | None = None
    segments_succeeded: int | None = None
    segments_failed: int | None = None


class SmsDeliveryReport(Payload):
    """What became of a message that one of the resource's own numbers sent."""

    occurred: ClassVar[str] = "receivedTimestamp"
    sources: ClassVar[Sources] = {"Number": ("from",), "MessageId": ("messageId",)}

    message_id: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    delivery_status: str | None = None
    delivery_status_details: str | None = None
    delivery_attempts: list[DeliveryAttempt] | None = None
    received_timestamp: str | None = None
    tag: str | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        sender, recipient = _address(self.from_), _address(self.to)
        return {
            "MessageId": self.message_id,
            "Direction": "outbound",
            "Number": sender,
            "Peer": recipient,
            "From": sender,
            "To": recipient,
            "DeliveryStatus": self.delivery_status,
            "DeliveryStatusDetails": self.delivery_status_details,
            "Tag": self.tag,
            "OccurredAt": self.received_timestamp,
            "DeliveryAttempts": self.delivery_attempts,
        }


def _address(number: str | None) -> str | None:
    return None if number is None else e164(number)
