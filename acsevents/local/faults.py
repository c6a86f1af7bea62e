"""The faults of a Table endpoint: how likely each is, and what the service answers when it is overwhelmed."""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

import h11

from acsevents.local.http_message import Message

KINDS = ("refuse", "hang", "drip", "reset", "busy", "throttle", "lost_reply")


@dataclass(frozen=True)
class Faults:
    """The probability of each fault, per request; the other requests pass unharmed.

    Attributes:
        refuse: the connection is closed and the request not read.
        hang: the request is read and never answered nor forwarded.
        drip: the answer comes byte by byte, over `drip_seconds`.
        reset: the connection is reset (RST) within the request.
        busy: 503 ServerBusy, not forwarded.
        throttle: 429 with a Retry-After, not forwarded.
        lost_reply: the request is forwarded and done; then the connection is closed or the answer is 503.
        drip_seconds: how long a dripping answer takes in all.
    """

    refuse: float = 0.0
    hang: float = 0.0
    drip: float = 0.0
    reset: float = 0.0
    busy: float = 0.0
    throttle: float = 0.0
    lost_reply: float = 0.0
    drip_seconds: float = 2.0

    def choose(self, number: float) -> str:
        """Return the fault that a number from 0 to 1 falls on, or `passed`."""
        for kind in KINDS:
            number -= getattr(self, kind)
            if number < 0:
                return kind
        return "passed"


def busy() -> Message:
    """Return the answer of a service under too much load."""
    return _refusal(503, "ServerBusy", "The server is busy.")


def throttled() -> Message:
    """Return the answer to a client that asks too much."""
    message = "The request is over the rate that this account allows."
    return _refusal(429, "TooManyRequests", message, ("Retry-After", "1"))


def _refusal(status: int, code: str, message: str, *headers: tuple[str, str]) -> Message:
    """Return an HTTP answer with the service's OData error document.

    https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2
    """
    number, now = uuid.uuid4(), datetime.now(UTC)
    value = f"{message}\nRequestId:{number}\nTime:{now:%Y-%m-%dT%H:%M:%S.%f}0Z"
    body = json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": value}}}).encode()
    ordinary = {
        "Content-Type": "application/json;odata=minimalmetadata;streaming=true;charset=utf-8",
        "Content-Length": str(len(body)),
        "Date": format_datetime(now, usegmt=True),
        "x-ms-error-code": code,
        "x-ms-request-id": str(number),
    }
    return Message(h11.Response(status_code=status, headers=[*ordinary.items(), *headers]), body)
