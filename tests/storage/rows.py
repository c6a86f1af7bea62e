"""Rows of entities, for tests without events."""

from shared.rows.columns import Entity
from shared.rows.records import TableRow
from shared.storage.odata import Row, encode_rows


def encode(table: str, entity: Entity) -> Row:
    """Write one entity as the service reads it."""
    columns = {name: value for name, value in entity.items() if name not in {"PartitionKey", "RowKey"}}
    (row,) = encode_rows([TableRow(table, str(entity["PartitionKey"]), str(entity["RowKey"]), columns)])
    return row
