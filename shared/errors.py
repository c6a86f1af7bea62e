"""Everything that can go wrong, as one tree that says what the caller should do.

SinkError
├── ContentError        the event itself: file it as a dead letter and acknowledge it
│   ├── NotJson
│   ├── NotAnEvent
│   ├── UnsupportedType
│   ├── InvalidData
│   ├── MissingKey
│   ├── Oversized
│   └── InternalError   not the event: a bug of ours, or a refusal that nobody foresaw
├── StorageError        the tables: fail, so that Event Grid delivers again
│   ├── Busy            refused early, since it could not be written in time
│   └── RowRefused      the service refuses this one row for what is in it
└── SettingsError       the deployment: name the setting and its cure
"""

from typing import ClassVar, Self


class SinkError(Exception):
    """Base of all errors that this app raises on purpose."""


class ContentError(SinkError):
    """An event cannot be recorded because of what is in it; delivering it again would not help.

    Attributes:
        reason: the value of the dead letter's `Reason` column.
        problem: what is wrong, in words that quote nothing of the event's content.
        path: JSON path of the offending part, `$` for the whole text.
        event_id: the event's id where it could be read.
        event_type: the event's type where it could be read.
    """

    reason: ClassVar[str]

    def __init__(
        self, problem: str, path: str = "$", *, event_id: str | None = None, event_type: str | None = None
    ) -> None:
        super().__init__(f"{path}: {problem}")
        self.problem = problem
        self.path = path
        self.event_id = event_id
        self.event_type = event_type

    def in_event(self, event_id: str, event_type: str) -> Self:
        """Return the same error with the event that it was found in."""
        return type(self)(self.problem, self.path, event_id=event_id, event_type=event_type)


class NotJson(ContentError):  # noqa: N818  names the reason; every leaf of this branch reads that way
    """The text is not one JSON value."""

    reason = "not_json"


class NotAnEvent(ContentError):  # noqa: N818  see NotJson
    """The JSON is not one event: no object, no id or no type."""

    reason = "not_an_event"


class UnsupportedType(ContentError):  # noqa: N818  see NotJson
    """The event type is not in the catalogue."""

    reason = "unsupported_type"


class InvalidData(ContentError):  # noqa: N818  see NotJson
    """A part that the row's keys are made of has the wrong type."""

    reason = "invalid_data"


class MissingKey(ContentError):  # noqa: N818  see NotJson
    """A part that the row's keys are made of is absent, null or empty."""

    reason = "missing_key"


class Oversized(ContentError):  # noqa: N818  see NotJson
    """The event does not fit the 1 MiB that a table row may have, not even compressed."""

    reason = "oversized"


class InternalError(ContentError):
    """The event cannot be recorded for a reason that is not in it; the dead letter keeps it for a replay."""

    reason = "internal_error"


class StorageError(SinkError):
    """The tables did not take a row; Event Grid is to deliver the event again."""


class Busy(StorageError):  # noqa: N818  a state of this worker, not a failure
    """Too much is waiting to be written; nothing of this event was sent."""


class RowRefused(StorageError):  # noqa: N818  an outcome of one row, not a family of errors
    """The service refuses one row for its content, whatever else is in flight.

    Attributes:
        code: the service's error code, such as `PropertyValueTooLarge`, or the HTTP status as text.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"Table Storage refused the row: {code}")
        self.code = code


class SettingsError(SinkError):
    """A setting is missing or wrong; the message names it and its cure."""
