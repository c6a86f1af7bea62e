"""Files of undeliverable events, with the names and content of Event Grid's blobs in a dead-letter container.

https://learn.microsoft.com/azure/event-grid/manage-event-delivery#set-dead-letter-location
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from acsevents.local import LocalStackError
from acsevents.local.event_grid.batches import Pending
from acsevents.local.event_grid.json_text import extended
from acsevents.local.event_grid.topic import LOCAL_TOPIC


class DeadLetterFolder:
    """The dead letters of one event subscription.

    The files are `<folder>/<TOPIC>/<SUBSCRIPTION>/<yyyy>/<M>/<d>/<H>/<guid>.json`, the time in UTC.
    """

    def __init__(self, folder: Path, subscription: str) -> None:
        self._folder = folder / LOCAL_TOPIC.rpartition("/")[2].upper() / subscription.upper()

    def write(self, batch: Sequence[Pending], reason: str) -> None:
        """Write events into a new file, atomically.

        Raises:
            LocalStackError: the file cannot be written.
        """
        now = datetime.now(UTC)
        folder = self._folder / f"{now.year}" / f"{now.month}" / f"{now.day}" / f"{now.hour}"
        path = folder / f"{uuid.uuid4()}.json"
        partial = path.with_suffix(".partial")
        try:
            folder.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(b"[" + b",".join(_letter(pending, reason) for pending in batch) + b"]")
            partial.replace(path)
        except OSError as error:
            raise LocalStackError(f"a dead letter cannot be written, so the local Event Grid stops: {error}") from error


def _letter(pending: Pending, reason: str) -> bytes:
    extra: dict[str, object] = {
        "deadLetterReason": reason,
        "deliveryAttempts": pending.attempts,
        "lastDeliveryOutcome": pending.outcome,
        "publishTime": _stamp(pending.published),
    }
    if pending.attempted:
        extra["lastDeliveryAttemptTime"] = _stamp(pending.attempted)
    if pending.event.schema == "CloudEventSchemaV1_0":  # attribute names of CloudEvents have no capitals
        extra = {name.lower(): value for name, value in extra.items()}
    return extended(pending.event.text, extra)


def _stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S.%f}0Z"  # seven digits, as .NET writes it
