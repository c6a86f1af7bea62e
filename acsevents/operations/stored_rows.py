"""Read single rows with their ETags, and change a row only if it has not changed meanwhile.

The sink only upserts, with a client of its own. Operators' work is rare and needs conditional writes, which
azure-data-tables has; its cost does not matter here.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from azure.core import MatchConditions
from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
)
from azure.data.tables import EdmType, EntityProperty, TableEntity, TransactionOperation, UpdateMode
from azure.data.tables.aio import TableClient

from shared.events.numbers import Int64
from shared.rows.columns import COLUMNS, Edm, Entity, edm_type
from shared.rows.records import TableRow
from shared.rows.timeline import Place
from shared.storage.account import Account
from shared.storage.connection import connect, disconnect

MOST_TOGETHER: Final = 100  # the service's limit on one transaction
_READ_SECONDS: Final = 30.0
_WRAPPED: Final = {Edm.INT64: EdmType.INT64, Edm.DATE_TIME: EdmType.DATETIME}
_PLAIN: Final = {Edm.STRING: str, Edm.INT32: int, Edm.BINARY: bytes}


class StoredRow(NamedTuple):
    """A row as stored in its table.

    Attributes:
        table: the table.
        entity: the columns. A value that is not of its column's type stays as azure-data-tables read it, and so
            differs from any that this app would write.
        etag: the ETag of this version of the row.
        written: when this version was written, by the service's clock; None if that was not selected.
    """

    table: str
    entity: Entity
    etag: str
    written: datetime | None

    def __repr__(self) -> str:
        """Name the table only: keys and columns are personal data."""
        return f"<StoredRow of {self.table}>"

    @property
    def place(self) -> Place:
        """The place of the row."""
        return self.table, str(self.entity["PartitionKey"]), str(self.entity["RowKey"])


def table_row(table: str, entity: Entity) -> TableRow:
    """Return an entity as a row of a table."""
    columns = {name: value for name, value in entity.items() if name not in {"PartitionKey", "RowKey"}}
    return TableRow(table, str(entity["PartitionKey"]), str(entity["RowKey"]), columns)


class StoredRows:
    """The rows of one account; use as an async context manager."""

    def __init__(self, account: Account) -> None:
        self._client = connect(account, retries=3, read_seconds=_READ_SECONDS)

    async def __aenter__(self) -> Self:
        """Return the rows; the first request opens a connection."""
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close all connections."""
        await disconnect(self._client)

    async def scan(
        self,
        table: str,
        condition: str = "",
        values: Mapping[str, Any] | None = None,
        *,
        select: Sequence[str] | None = None,
    ) -> AsyncIterator[StoredRow]:
        """Yield the rows of a table that meet a condition, page by page; none if the table does not exist."""
        found = self._table(table).query_entities(
            condition, parameters=dict(values or {}) if condition else {}, select=list(select) if select else None
        )
        try:
            async for row in found:
                yield _stored(table, row)
        except ResourceNotFoundError:  # the first row creates its table
            return

    async def get(self, place: Place) -> StoredRow | None:
        """Return a row, None if it does not exist."""
        table, partition, row_key = place
        try:
            return _stored(table, await self._table(table).get_entity(partition, row_key))
        except ResourceNotFoundError:
            return None

    async def insert(self, row: TableRow) -> bool:
        """Write a row unless its place is taken; return whether it was written."""
        try:
            await self._creating(row.table, lambda table: table.create_entity(_for_sdk(row.entity)))
        except ResourceExistsError:
            return False
        return True

    async def put(self, row: TableRow) -> None:
        """Write a row, replacing whatever is there."""
        await self._creating(row.table, lambda table: table.upsert_entity(_for_sdk(row.entity), UpdateMode.REPLACE))

    async def replace(self, row: TableRow, etag: str) -> bool:
        """Replace one version of a row; return whether that version was still there."""
        try:
            await self._table(row.table).update_entity(
                _for_sdk(row.entity), UpdateMode.REPLACE, etag=etag, match_condition=MatchConditions.IfNotModified
            )
        except (ResourceModifiedError, ResourceNotFoundError):
            return False
        return True

    async def delete(self, place: Place, etag: str | None = None) -> bool:
        """Remove a row, or only one version of it; return whether the row is gone."""
        table, partition, row_key = place
        match = None if etag is None else MatchConditions.IfNotModified
        try:
            await self._table(table).delete_entity(partition, row_key, etag=etag, match_condition=match)
        except ResourceModifiedError:
            return False
        return True

    async def delete_together(self, places: Sequence[Place]) -> None:
        """Remove up to 100 rows of one partition in one transaction; rows that are already gone are no error."""
        entities = [{"PartitionKey": partition, "RowKey": row_key} for _, partition, row_key in places]
        try:
            await self._table(places[0][0]).submit_transaction(
                [(TransactionOperation.DELETE, entity) for entity in entities]
            )
        except HttpResponseError as error:
            if error.status_code != 404:  # noqa: PLR2004  not found
                raise
            for place in places:
                await self.delete(place)

    def _table(self, table: str) -> TableClient:
        return self._client.get_table_client(table)

    async def _creating(self, table: str, write: Any) -> None:
        """Write; if the table is missing, create it and write again."""
        try:
            await write(self._table(table))
        except ResourceNotFoundError:
            await self._client.create_table_if_not_exists(table)
            await write(self._table(table))


def _stored(table: str, row: TableEntity) -> StoredRow:
    metadata = row.metadata
    entity: Entity = {name: _plain(name, value) for name, value in row.items()}
    return StoredRow(table, entity, str(metadata["etag"]), metadata["timestamp"])


def _plain(name: str, value: Any) -> Any:
    """Return a value as this app writes it, if it has the type of its column."""
    edm = Edm.BINARY if isinstance(value, bytes) else COLUMNS.get(name)
    if edm == Edm.DATE_TIME:
        return getattr(value, "tables_service_value", value)
    if edm == Edm.INT64 and isinstance(value, EntityProperty) and value.edm_type == EdmType.INT64:
        return Int64(value.value)
    if edm in _PLAIN and type(value) is _PLAIN[edm]:
        return value
    return _Foreign(value)


class _Foreign(NamedTuple):
    """A value that is not of its column's type, or that belongs to no column."""

    value: object


def _for_sdk(entity: Entity) -> dict[str, Any]:
    return {
        name: EntityProperty(value, _WRAPPED[edm_type(name)]) if edm_type(name) in _WRAPPED else value
        for name, value in entity.items()
    }
