"""The row of an event that cannot be recorded: its text, and the reason."""

import msgspec

from shared.catalogue import DEAD_LETTERS
from shared.errors import ContentError, Oversized
from shared.events.digest import digest
from shared.rows.columns import Entity
from shared.rows.fitting import ENTITY_BYTES, entity_bytes, fit, pack
from shared.rows.records import RECORD_VERSION, TableRow

_NAMED_BYTES = 4_096  # for reason and detail, which are short; a long id or type is left out


def dead_letter(function: str, text: str | bytes, error: ContentError) -> TableRow:
    """Return the dead letter of a text, in the partition of the function that received it.

    The same text always gets the same row.

    Raises:
        Oversized: even the dead letter does not fit a row.
    """
    named = {
        "Reason": error.reason,
        "Detail": str(error),
        "EventId": error.event_id,
        "EventType": error.event_type,
    }
    # A dead letter has fewer columns than a record, so it has room for a text that fits no record.
    row_key = digest(_bytes_of(text))
    kept = pack(text)
    fixed: Entity = {"PartitionKey": function, "RowKey": row_key, **kept}
    if entity_bytes(fixed) > ENTITY_BYTES - _NAMED_BYTES:
        raise Oversized(f"over {ENTITY_BYTES - _NAMED_BYTES} bytes even compressed")
    columns, _cuts = fit({name: value for name, value in named.items() if value is not None}, fixed, spare=0)
    return TableRow(DEAD_LETTERS, function, row_key, {**kept, **columns, "RecordVersion": RECORD_VERSION})


def without_what_the_sender_chose(letter: TableRow, text: str | bytes, problem: str) -> TableRow:
    """Return a refused dead letter without the sender's id and type: reason, the problem, and the text as bytes."""
    kept = {name: letter.columns[name] for name in ("Reason", "RecordVersion")}
    return msgspec.structs.replace(letter, columns={**kept, "Detail": problem, **pack(_bytes_of(text))})


def _bytes_of(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
