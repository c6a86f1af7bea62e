"""Payloads of the SMS events.

https://learn.microsoft.com/azure/event-grid/communication-services-telephony-sms-events
"""

from typing import ClassVar

import msgspec

from shared.events import facts
from shared.events.facts import Facts
from shared.events.identifiers import e164
from shared.events.numbers import Int32
from shared.events.payloads import Feeds, Payload
from shared.events.reading import Tolerant
from shared.events.timestamps import Instant


class SmsReceived(Payload):
    """A number of the ACS resource received a message."""

    feeds: ClassVar[Feeds] = {
        "from_": ("from_", "peer"),
        "to": ("to", "number"),
        "message": ("body",),
        "received_timestamp": ("occurred_at",),
    }

    message_id: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    message: str | None = None
    received_timestamp: Instant | None = None
    segment_count: Int32 | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        sender, recipient = _address(self.from_), _address(self.to)
        return Facts(
            message_id=self.message_id,
            direction="inbound",
            number=recipient,
            peer=sender,
            from_=sender,
            to=recipient,
            body=self.message,
            segment_count=self.segment_count,
            occurred_at=self.received_timestamp,
        )


class DeliveryAttempt(Tolerant):
    """One attempt to deliver the message to the carrier."""

    timestamp: str | None = None
    segments_succeeded: Int32 | None = None
    segments_failed: Int32 | None = None


class SmsDeliveryReport(Payload):
    """The delivery status of a message that a number of the ACS resource sent."""

    feeds: ClassVar[Feeds] = {
        "from_": ("from_", "number"),
        "to": ("to", "peer"),
        "received_timestamp": ("occurred_at",),
    }

    message_id: str | None = None
    from_: str | None = msgspec.field(default=None, name="from")
    to: str | None = None
    delivery_status: str | None = None
    delivery_status_details: str | None = None
    delivery_attempts: list[DeliveryAttempt] | None = None
    received_timestamp: Instant | None = None
    tag: str | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        sender, recipient = _address(self.from_), _address(self.to)
        attempts = self.delivery_attempts
        return Facts(
            message_id=self.message_id,
            direction="outbound",
            number=sender,
            peer=recipient,
            from_=sender,
            to=recipient,
            delivery_status=self.delivery_status,
            delivery_status_details=self.delivery_status_details,
            delivery_attempts=None if attempts is None else [_attempt(attempt) for attempt in attempts],
            tag=self.tag,
            occurred_at=self.received_timestamp,
        )


def _attempt(attempt: DeliveryAttempt) -> facts.DeliveryAttempt:
    return facts.DeliveryAttempt(attempt.timestamp, attempt.segments_succeeded, attempt.segments_failed)


def _address(number: str | None) -> str | None:
    return None if number is None else e164(number)
