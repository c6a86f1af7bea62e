"""A record: what one event becomes, and the rows that keep it."""

from collections.abc import Iterator
from typing import Any

import msgspec

from shared.catalogue import EventType
from shared.rows import keys
from shared.rows.columns import Entity

RECORD_VERSION = 1
"""Bumped when the meaning of a column changes; rows of all versions can be read by decoding their raw text again."""


class Record(msgspec.Struct, frozen=True):
    """One event, decoded and normalized.

    Attributes:
        event_type: the catalogue's row for it.
        owner: the number, user or thread whose partition the rows go to.
        message_id: the message that the event is filed under, for families that do.
        ticks: the time that orders it, in 100 ns since 0001-01-01 UTC.
        digest: 16 hex digits over type, resource, id, time and data; equal for a redelivery, else different.
        facts: the normalized values by column, whole: nothing cut, JSON as lists and objects.
        columns: what the rows hold beside their keys, within the service's limits.
        raw: the event's text as it was handed over.
    """

    event_type: EventType
    owner: str
    message_id: str | None
    ticks: int
    digest: str
    facts: dict[str, Any]
    columns: Entity
    raw: str | bytes

    def __repr__(self) -> str:
        """Name the record without any personal data."""
        return f"<Record {self.event_type.kind} {self.digest}>"

    def entities(self) -> Iterator[tuple[str, Entity]]:
        """Yield the rows that keep this record, each with its table; writing them again changes nothing."""
        family = self.event_type.family
        partition = keys.key(self.owner)
        row_key = keys.newest_first(self.ticks, self.digest)
        yield family.table, {"PartitionKey": partition, "RowKey": row_key, **self.columns}
        if family.message_table is not None and self.message_id is not None:
            filed = keys.by_message(self.message_id, self.ticks, self.digest)
            yield family.message_table, {"PartitionKey": partition, "RowKey": filed, **self.columns}
