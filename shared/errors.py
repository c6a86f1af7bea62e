"""The error tree; each branch says what the caller should do.

SinkError
├── ContentError        the event cannot be recorded: write a dead letter and acknowledge
│   ├── NotJson
│   ├── NotAnEvent
│   ├── UnsupportedType
│   ├── InvalidData
│   ├── MissingKey
│   ├── Oversized
│   └── InternalError   not the event's fault: a bug in this app, or an unexpected refusal by the service
├── StorageError        the tables are at fault: fail, so that Event Grid redelivers
│   ├── Busy            refused early, because it could not be written in time
│   └── RowRefused      the service refuses this one row because of its content
└── SettingsError       a setting is missing or wrong: name the setting and how to correct it
"""

from typing import ClassVar, Self


class SinkError(Exception):
    """Base class of all errors that this app raises on purpose."""


class ContentError(SinkError):
    """An event cannot be recorded, and delivering it again would not help.

    Attributes:
        reason: the value of the dead letter's `Reason` column.
        problem: what is wrong; never quotes the event's content.
        path: JSON path of the offending part, `$` for the whole text.
        event_id: the event's id, if it could be read.
        event_type: the event's type, if it could be read.
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
        """Return the same error with the id and type of its event."""
        return type(self)(self.problem, self.path, event_id=event_id, event_type=event_type)


class NotJson(ContentError):  # noqa: N818  named after its reason, like its siblings
    """The text is not one JSON value."""

    reason = "not_json"


class NotAnEvent(ContentError):  # noqa: N818  see NotJson
    """The JSON value is not one event: not an object, or without an id or type."""

    reason = "not_an_event"


class UnsupportedType(ContentError):  # noqa: N818  see NotJson
    """The event type is not in the catalogue."""

    reason = "unsupported_type"


class InvalidData(ContentError):  # noqa: N818  see NotJson
    """A value that the row keys need has the wrong type."""

    reason = "invalid_data"


class MissingKey(ContentError):  # noqa: N818  see NotJson
    """A value that the row keys need is absent, null or empty."""

    reason = "missing_key"


class Oversized(ContentError):  # noqa: N818  see NotJson
    """The event exceeds the 1 MiB of a table row, even compressed."""

    reason = "oversized"


class InternalError(ContentError):
    """The event cannot be recorded for a reason outside of it; the dead letter keeps it for a replay."""

    reason = "internal_error"


class StorageError(SinkError):
    """A row could not be written; Event Grid should redeliver the event."""


class Busy(StorageError):  # noqa: N818  a state of this worker, not a failure
    """Too much is waiting to be written; no row of this event was sent."""


class RowRefused(StorageError):  # noqa: N818  an outcome of one row, not a family of errors
    """The service refuses one row because of its content.

    Attributes:
        code: the service's error code, such as `PropertyValueTooLarge`, or the HTTP status as text.
    """

    def __init__(self, code: str) -> None:
        super().__init__(f"Table Storage refused the row: {code}")
        self.code = code


class SettingsError(SinkError):
    """A setting is missing or wrong; the message names it and how to correct it."""
