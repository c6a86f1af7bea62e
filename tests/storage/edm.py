"""Rows as azure-data-tables writes and reads them, compared with the rows of this app."""

from collections.abc import Mapping
from typing import Any

from azure.core.credentials import AzureNamedKeyCredential
from azure.data.tables import EdmType, EntityProperty, TableEntity, TableServiceClient

from shared.rows.columns import Edm, Entity, edm_type
from shared.storage.account import Account, AccountKey

Typed = dict[str, tuple[str, object]]
_WRAPPED = {Edm.INT64: EdmType.INT64, Edm.DATE_TIME: EdmType.DATETIME}


def meant(entity: Entity) -> Typed:
    """Return each value of an entity with the Edm type of its column."""
    return {name: (edm_type(name).value, value) for name, value in entity.items()}


def found(row: Mapping[str, Any]) -> Typed:
    """Return each value of a row read by the SDK, with the Edm type that the service sent."""
    return {name: _typed(value) for name, value in row.items()}


def for_sdk(entity: Entity) -> dict[str, Any]:
    """Return an entity as a user of the SDK would write it, with the types of the columns."""
    return {
        name: EntityProperty(value, _WRAPPED[edm_type(name)]) if edm_type(name) in _WRAPPED else value
        for name, value in entity.items()
    }


def rows_of(account: Account, table: str) -> list[TableEntity]:
    """Read all rows of a table through the SDK."""
    with by_sdk(account) as service:
        return list(service.get_table_client(table).list_entities())


def by_sdk(account: Account) -> TableServiceClient:
    """Open a client of azure-data-tables for an account that is reached by key."""
    assert isinstance(account.credential, AccountKey)
    credential = AzureNamedKeyCredential(account.credential.name, account.credential.key)
    return TableServiceClient(account.endpoint, credential=credential)


def _typed(value: Any) -> tuple[str, object]:
    exact = getattr(value, "tables_service_value", None)
    if exact is not None:
        return Edm.DATE_TIME.value, exact
    if isinstance(value, EntityProperty):
        return EdmType(value.edm_type).value, value.value
    if isinstance(value, bytes):
        return Edm.BINARY.value, value
    if isinstance(value, str):
        return Edm.STRING.value, value
    assert type(value) is int, value
    return Edm.INT32.value, value
