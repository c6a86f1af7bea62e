"""A storage account: where its tables are, and what proves to the service who asks."""

import re
from typing import Final

import msgspec

from shared.errors import SettingsError

_URL: Final = re.compile(r"(https?)://([\w.-]+|\[[\da-f:.]+\])(?::(\d+))?((?:/[\w.~-]+)*)/*", re.ASCII | re.IGNORECASE)
_COSMOS_DB: Final = (".table.cosmos.", ".table.cosmosdb.", ".documents.azure.")
_LAST_PORT: Final = 65_535


class AccountKey(msgspec.Struct, frozen=True):
    """One of the two keys of an account.

    Attributes:
        name: the account's name.
        key: in base64, as the portal shows it.
    """

    name: str
    key: str

    def __repr__(self) -> str:
        """Hide the key."""
        return f"<AccountKey of {self.name}>"


class Signature(msgspec.Struct, frozen=True):
    """A shared access signature.

    Attributes:
        query: of every URL, percent-encoded, without its question mark.
    """

    query: str

    def __repr__(self) -> str:
        """Hide the signature."""
        return "<Signature>"


class Identity(msgspec.Struct, frozen=True):
    """An identity of Microsoft Entra ID.

    Attributes:
        client_id: of a user-assigned managed identity; None for the system-assigned one.
        is_managed: Azure provides a managed identity here; without it, a developer's own sign-in serves too.
    """

    client_id: str | None = None
    is_managed: bool = False


class Account(msgspec.Struct, frozen=True):
    """A storage account.

    Attributes:
        setting: the setting that named it, for messages.
        endpoint: URL of the table service, without a slash at its end.
        credential: what proves who asks.
    """

    setting: str
    endpoint: str
    credential: AccountKey | Signature | Identity

    def __repr__(self) -> str:
        """Name the setting, never its value."""
        return f"<Account from {self.setting}>"


def table_endpoint(url: str, setting: str) -> str:
    """Return the URL of a table service, as every request begins with it.

    Raises:
        SettingsError: it is no such URL, or one of Cosmos DB; the message names the setting.
    """
    refuse_cosmos_db(url, setting)
    parts = _URL.fullmatch(url)
    if parts is None or int(parts[3] or 0) > _LAST_PORT:  # the URL stays untold: it may hold a signature
        raise SettingsError(
            f"{setting} holds no URL of a table service: one is written https://ACCOUNT.table.core.windows.net"
        )
    scheme, host, port, path = parts.groups()
    return f"{scheme.lower()}://{host}{f':{port}' if port else ''}{path}"


def refuse_cosmos_db(text: str, setting: str) -> None:
    """Raise for an endpoint of Cosmos DB; its table API looks alike.

    Raises:
        SettingsError: there is one in the text.
    """
    if any(domain in text.lower() for domain in _COSMOS_DB):
        raise SettingsError(
            f"{setting} names an endpoint of Cosmos DB, which wants tokens of another scope and keeps other limits "
            "than this app: name an account of Azure Table Storage"
        )
