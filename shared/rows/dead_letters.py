"""What becomes of an event that cannot be recorded: one row that keeps its text and tells the reason."""

from shared.catalogue import DEAD_LETTERS
from shared.errors import ContentError, Oversized
from shared.rows import keys
from shared.rows.columns import ENTITY_BYTES, Entity, entity_bytes, limited, pack
from shared.rows.records import RECORD_VERSION

_NAMED_BYTES = 4_096  # for reason and detail, which are short; a long id or type gives way


def dead_letter(function: str, text: str | bytes, error: ContentError) -> tuple[str, Entity]:
    """File a text under the function that it was delivered to; the same text gives the same row.

    Raises:
        Oversized: not even the dead letter fits a row.
    """
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    named = {
        "Reason": error.reason,
        "Detail": str(error),
        "EventId": error.event_id,
        "EventType": error.event_type,
    }
    # A dead letter has fewer columns than a record, so it can keep a text for which a record has no room.
    fixed: Entity = {"PartitionKey": function, "RowKey": keys.digest(content), **pack(text)}
    if entity_bytes(fixed) > ENTITY_BYTES - _NAMED_BYTES:
        raise Oversized(f"over {ENTITY_BYTES - _NAMED_BYTES} bytes even compressed")
    columns, _cuts = limited({name: value for name, value in named.items() if value is not None}, fixed, spare=0)
    return DEAD_LETTERS, {**fixed, **columns, "RecordVersion": RECORD_VERSION}


def bare(entity: Entity, text: str | bytes, problem: str) -> Entity:
    """Reduce a dead letter that the service refused to what no sender chose: keys, reason and the text as bytes."""
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    kept = {name: entity[name] for name in ("PartitionKey", "RowKey", "Reason", "RecordVersion")}
    return {**kept, "Detail": problem, **pack(content)}
