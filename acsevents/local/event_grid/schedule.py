"""The outcome that a response stands for, and the time of the next attempt.

https://learn.microsoft.com/azure/event-grid/delivery-and-retry
"""

from typing import NamedTuple

_MINUTE, _HOUR = 60, 3600
SCHEDULE = (10, 30, 60, 300, 600, 1800, 1 * _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR)  # seconds; the last one repeats
MINIMUM = {401: 5 * _MINUTE, 404: 5 * _MINUTE, 408: 2 * _MINUTE, 503: 30}
JITTER = 0.1  # "a small randomization": only upwards, since the minima are documented

# Status codes that are not retried for an Azure Functions destination, with the reason in the dead letter. The first
# reason was seen in a real dead letter, the others are named by analogy; the documentation lists none of them.
NEVER_RETRIED = {
    400: "UndeliverableDueToHttpBadRequest",
    403: "UndeliverableDueToHttpForbidden",
    413: "UndeliverableDueToHttpRequestEntityTooLarge",
}
ATTEMPTS_EXCEEDED = "MaxDeliveryAttemptsExceeded"
TIME_EXCEEDED = "TimeToLiveExceeded"

_OUTCOMES = {
    400: "BadRequest",
    401: "Unauthorized",
    403: "Forbidden",
    404: "NotFound",
    408: "TimedOut",
    413: "PayloadTooLarge",
}


class Outcome(NamedTuple):
    """The outcome of a delivery attempt: `lastDeliveryOutcome` of a dead letter, and the HTTP status, if any."""

    name: str
    status: int | None = None

    @property
    def accepted(self) -> bool:
        """Whether the destination accepted the events, with a status from 200 to 204."""
        return self.status in range(200, 205)


TIMED_OUT = Outcome("TimedOut")


def answered(status: int) -> Outcome:
    """Return the outcome of an HTTP response; a status without a documented name is `Busy`."""
    outcome = Outcome("Delivered", status)
    return outcome if outcome.accepted else Outcome(_OUTCOMES.get(status, "Busy"), status)


def delay(attempts: int, outcome: Outcome, chance: float) -> float:
    """Return the seconds to wait after a failed attempt.

    Args:
        attempts: number of attempts so far, at least 1.
        outcome: the outcome of the last one.
        chance: a random number from 0 to 1.
    """
    scheduled = SCHEDULE[min(attempts, len(SCHEDULE)) - 1]
    return max(scheduled, MINIMUM.get(outcome.status or 0, 10)) * (1 + JITTER * chance)
