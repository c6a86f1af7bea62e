"""From an account's settings to a client of azure-data-tables."""

from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient

from shared.errors import SettingsError
from shared.settings import Account


def connect(account: Account, *, retries: int = 2, read_seconds: float = 4.0) -> TableServiceClient:
    """Open a client; nothing is sent until it is used.

    Raises:
        SettingsError: the connection string is malformed; the message names the setting.
    """
    # The SDK's defaults wait 300 s for an answer and try four times; Event Grid gives up after 30 s.
    bounds: dict[str, Any] = {
        "retry_total": retries,
        "retry_backoff_factor": 0.2,
        "connection_timeout": 2,
        "read_timeout": read_seconds,
    }
    try:
        if account.endpoint is not None:
            return TableServiceClient(account.endpoint, credential=_managed_identity(account), **bounds)
        return TableServiceClient.from_connection_string(account.connection_string or "", **bounds)
    except ValueError as error:
        raise SettingsError(
            f"{account.setting} is no connection string of a storage account: copy it from the account's access keys, "
            "or write UseDevelopmentStorage=true for Azurite"
        ) from error


def _managed_identity(account: Account) -> AsyncTokenCredential:
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415  half the cold start of the whole app

    return DefaultAzureCredential(managed_identity_client_id=account.client_id)
