"""Rows that this app did not write, beside those that it did."""

from typing import Any

from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite


def put(azurite: Azurite, table: str, partition: str, row_key: str, **columns: Any) -> None:
    """Write a row, and the table if it is missing."""
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        client = service.create_table_if_not_exists(table)
        client.upsert_entity({"PartitionKey": partition, "RowKey": row_key, **columns})
