"""The faults of a table endpoint: their probabilities, and the responses of an overloaded service."""

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
    """The probability of each fault per request; all other requests are forwarded.

    Attributes:
        refuse: the connection is closed without reading the request.
        hang: the request is read, but neither forwarded nor answered.
        drip: the response is sent in small pieces over `drip_seconds`.
        reset: the connection is reset (RST) during the request.
        busy: 503 ServerBusy, not forwarded.
        throttle: 429 with a Retry-After, not forwarded.
        lost_reply: the request is forwarded and carried out; then the connection is closed, or the response is 503.
        drip_seconds: how long a dripping response takes in all.
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
        """Return the fault that a random number from 0 to 1 selects, or `passed`."""
        for kind in KINDS:
            number -= getattr(self, kind)
            if number < 0:
                return kind
        return "passed"


def busy() -> Message:
    """Return the response of an overloaded service."""
    return _refusal(503, "ServerBusy", "The server is busy.")


def throttled() -> Message:
    """Return the response to a client that exceeds its request rate."""
    message = "The request is over the rate that this account allows."
    return _refusal(429, "TooManyRequests", message, ("Retry-After", "1"))


def _refusal(status: int, code: str, message: str, *headers: tuple[str, str]) -> Message:
    """Return an HTTP response with an OData error document, as the service writes it.

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
