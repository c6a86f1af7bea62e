"""From an account's settings to a client of azure-data-tables."""

import base64
import logging
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient

from shared.errors import SettingsError
from shared.storage.settings import Account

# At INFO azure-core prints every URL, and with it keys: phone numbers and user ids.
logging.getLogger("azure").setLevel(logging.WARNING)


def connect(account: Account, *, retries: int = 2, read_seconds: float = 4.0) -> TableServiceClient:
    """Open a client; nothing is sent until it is used.

    Raises:
        SettingsError: the connection string or the endpoint is malformed; the message names the setting.
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
            client = TableServiceClient(account.endpoint, credential=_managed_identity(account), **bounds)
        else:
            client = TableServiceClient.from_connection_string(account.connection_string or "", **bounds)
        _check(client)
    except ValueError:  # its text may quote the URL, and with it a signature
        raise SettingsError(f"{account.setting} is {_cure(account)}") from None
    return client


async def disconnect(client: TableServiceClient) -> None:
    """Close a client, and the credential that it was opened with."""
    await client.close()
    close_credential = getattr(client.credential, "close", None)  # keys and signatures have nothing to close
    if close_credential is not None:
        await close_credential()


def _check(client: TableServiceClient) -> None:
    """Raise ValueError for what the SDK would only notice with the first request."""
    _ = urlsplit(client.url).port
    if isinstance(client.credential, AzureNamedKeyCredential):
        base64.b64decode(client.credential.named_key.key, validate=True)


def _cure(account: Account) -> str:
    if account.endpoint is not None:
        return "no URL of a table service: write https://ACCOUNT.table.core.windows.net"
    return (
        "no connection string of a storage account: copy it from the account's access keys, or write "
        "UseDevelopmentStorage=true for Azurite"
    )


def _managed_identity(account: Account) -> AsyncTokenCredential:
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415  half the cold start of the whole app

    return DefaultAzureCredential(managed_identity_client_id=account.client_id)
