"""From an account to a client of azure-data-tables, for reads and for what is created."""

from typing import TYPE_CHECKING, Any

from shared.errors import StorageError
from shared.storage.account import Account, AccountKey, Signature
from shared.storage.authorization import token_credential

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient


def connect_to_read(account: Account, *, retries: int, read_seconds: float) -> "TableServiceClient":
    """Open a client that only reads; nothing is sent until it is used.

    Raises:
        SettingsError: an identity's settings contradict what Azure provides.
    """
    from shared.storage.sdk_transport import read_transport  # noqa: PLC0415  imports azure.core

    transport = read_transport(account.endpoint, read_seconds)
    options = {} if transport is None else {"transport": transport}
    return connect(account, retries=retries, read_seconds=read_seconds, **options)


def connect(account: Account, *, retries: int = 2, read_seconds: float = 4.0, **options: Any) -> "TableServiceClient":
    """Open a client; nothing is sent until it is used.

    Raises:
        SettingsError: an identity's settings contradict what Azure provides.
    """
    # Writes need none of it: who only writes, and finds the tables there, never waits for these imports.
    from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential  # noqa: PLC0415
    from azure.data.tables.aio import TableServiceClient  # noqa: PLC0415

    match account.credential:
        case AccountKey(name, key):
            credential: Any = AzureNamedKeyCredential(name, key)
        case Signature(query):
            credential = AzureSasCredential(query)
        case identity:
            credential = token_credential(account.setting, identity)
    # The SDK's defaults wait 300 s for an answer and try four times; Event Grid gives up after 30 s.
    return TableServiceClient(
        account.endpoint,
        credential=credential,
        retry_total=retries,
        retry_backoff_factor=0.2,
        connection_timeout=2,
        read_timeout=read_seconds,
        **options,
    )


async def create_table(client: "TableServiceClient", table: str) -> None:
    """Create a table unless it is there.

    Raises:
        StorageError: the service did not; the message names the table.
    """
    from azure.core.exceptions import AzureError  # noqa: PLC0415  loaded with the client

    try:
        await client.create_table_if_not_exists(table)
    except AzureError as error:
        raise StorageError(f"table {table} is missing and cannot be created: {type(error).__name__}") from None


async def disconnect(client: "TableServiceClient") -> None:
    """Close a client, and the credential that it was opened with."""
    await client.close()
    close_credential = getattr(client.credential, "close", None)  # keys and signatures have nothing to close
    if close_credential is not None:
        await close_credential()
