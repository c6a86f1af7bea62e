"""The faults of a Table endpoint: how likely each is, and what the service answers when it is overwhelmed."""

import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

KINDS = ("refuse", "hang", "drip", "reset", "busy", "throttle", "lost_reply")


@dataclass(frozen=True)
class Faults:
    """The probability of each fault, per request; the other requests pass unharmed.

    Args:
        refuse: the connection is closed and the request not read.
        hang: the request is read and never answered nor forwarded.
        drip: the answer comes byte by byte, over `drip_seconds`.
        reset: the connection is reset (RST) after the request's head.
        busy: 503 ServerBusy, not forwarded.
        throttle: 429 with a Retry-After of `retry_after` seconds, not forwarded.
        lost_reply: the request is forwarded and done; then the connection is closed or the answer is 503.
        retry_after: whole seconds.
        drip_seconds: how long a dripping answer takes in all.

    Raises:
        ValueError: a probability is negative, or their sum is above 1.
    """

    refuse: float = 0.0
    hang: float = 0.0
    drip: float = 0.0
    reset: float = 0.0
    busy: float = 0.0
    throttle: float = 0.0
    lost_reply: float = 0.0
    retry_after: int = 1
    drip_seconds: float = 2.0

    def __post_init__(self) -> None:
        probabilities = [getattr(self, kind) for kind in KINDS]
        if min(probabilities) < 0 or sum(probabilities) > 1 + 1e-9:
            raise ValueError(f"Probabilities of faults are 0 or more and at most 1 in sum: {self}")

    def choose(self, number: float) -> str:
        """Return the fault that a number from 0 to 1 falls on, or `passed`."""
        for kind in KINDS:
            number -= getattr(self, kind)
            if number < 0:
                return kind
        return "passed"


def busy() -> bytes:
    """Return the answer of a service under too much load."""
    return _refusal("503 Service Unavailable", "ServerBusy", "The server is busy.")


def throttled(retry_after: int) -> bytes:
    """Return the answer to a client that asks too much."""
    message = "The request is over the rate that this account allows."
    return _refusal("429 Too Many Requests", "TooManyRequests", message, f"Retry-After: {retry_after}\r\n")


def _refusal(status: str, code: str, message: str, header: str = "") -> bytes:
    """Return an HTTP answer with the service's OData error document.

    https://learn.microsoft.com/rest/api/storageservices/status-and-error-codes2
    """
    number, now = uuid.uuid4(), datetime.now(UTC)
    value = f"{message}\nRequestId:{number}\nTime:{now:%Y-%m-%dT%H:%M:%S.%f}0Z"
    body = json.dumps({"odata.error": {"code": code, "message": {"lang": "en-US", "value": value}}})
    head = (
        f"HTTP/1.1 {status}\r\n{header}x-ms-error-code: {code}\r\nx-ms-request-id: {number}\r\n"
        "Content-Type: application/json;odata=minimalmetadata;streaming=true;charset=utf-8\r\n"
        f"Date: {format_datetime(now, usegmt=True)}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return (head + body).encode()
