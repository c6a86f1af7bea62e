"""Where the tables are: read from app settings the way Functions names connections.

https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
"""

from collections.abc import Mapping
from typing import NamedTuple

from shared.errors import SettingsError

CONNECTIONS = ("EventTables", "AzureWebJobsStorage")


class Account(NamedTuple):
    """A storage account, by connection string or by endpoint and managed identity.

    Attributes:
        setting: the setting that named it, for messages.
        connection_string: with an account key or a shared access signature; None for managed identity.
        endpoint: https URL of the table service; None for a connection string.
        client_id: of a user-assigned identity; None for the system-assigned one.
    """

    setting: str
    connection_string: str | None = None
    endpoint: str | None = None
    client_id: str | None = None

    def __repr__(self) -> str:
        """Name the setting, never its value: connection strings hold keys."""
        return f"<Account from {self.setting}>"


def read_settings(environment: Mapping[str, str]) -> Account:
    """Find the account that the settings name: `EventTables`, else `AzureWebJobsStorage`.

    Raises:
        SettingsError: missing, contradictory or unusable settings; the message names the setting and the cure.
    """
    for connection in CONNECTIONS:
        account = _account(environment, connection)
        if account is not None:
            return account
    raise SettingsError(
        "no table storage is set: set EventTables to a connection string, or EventTables__tableServiceUri to the "
        "https URL of the table service for managed identity"
    )


def _account(environment: Mapping[str, str], connection: str) -> Account | None:
    uri_setting, client_setting = f"{connection}__tableServiceUri", f"{connection}__clientId"
    connection_string = environment.get(connection, "").strip()
    endpoint = environment.get(uri_setting, "").strip()
    client_id = environment.get(client_setting, "").strip()
    if connection_string and endpoint:
        raise SettingsError(f"{connection} and {uri_setting} are both set: remove one of them")
    if connection_string:
        return Account(connection, connection_string=connection_string)
    if endpoint:
        if not endpoint.lower().startswith("https://"):
            raise SettingsError(f"{uri_setting} must be an https URL: a token is never sent in the clear")
        return Account(uri_setting, endpoint=endpoint.rstrip("/"), client_id=client_id or None)
    if client_id and connection == CONNECTIONS[0]:
        raise SettingsError(f"{client_setting} is set without {uri_setting}: set the URL of the table service too")
    return None
