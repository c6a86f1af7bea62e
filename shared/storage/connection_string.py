"""Reads connection strings of storage accounts, as azure-data-tables and the Functions host do.

https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
"""

import base64
import re
from collections.abc import Mapping
from typing import Final

from shared.errors import SettingsError
from shared.storage.account import Account, AccountKey, Signature, refuse_cosmos_db, table_endpoint

# Not a secret: the emulator's only account, which Microsoft documents.
_EMULATOR: Final = AccountKey(
    "devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
_EMULATOR_PORT: Final = 10_002
_EMULATED: Final = "usedevelopmentstorage"
_PROXY: Final = "developmentstorageproxyuri"
_PROXY_HOST: Final = re.compile(r"https?://[\w.-]+", re.ASCII | re.IGNORECASE)
_ACCOUNT_NAME: Final = re.compile(r"[\w-]+", re.ASCII)
_SIGNATURE: Final = re.compile(r"[!$-~]+")  # ASCII but blanks, quotes and what begins a fragment


class _Malformed(Exception):  # noqa: N818  never leaves this module
    """What is wrong with a connection string, in words that quote nothing of it."""


def parse_connection_string(text: str, setting: str = "EventTables") -> Account:
    """Read an account from its connection string.

    Raises:
        SettingsError: it is none of an account with Table Storage; the message names the setting, never its value.
    """
    refuse_cosmos_db(text, setting)
    try:
        values = _values(text)
        is_emulated = _EMULATED in values
        url = _emulator(values) if is_emulated else _url(values)
        credential = _EMULATOR if is_emulated else _credential(values)
    except _Malformed as problem:
        raise SettingsError(
            f"{setting} is no connection string of a storage account ({problem}): copy it from the account's access "
            "keys, or write UseDevelopmentStorage=true for Azurite"
        ) from None
    return Account(setting, table_endpoint(url, setting), credential)


def _values(text: str) -> dict[str, str]:
    """Split into values by name, names in lower case; blanks around names and values mean nothing."""
    parts = [part.partition("=") for part in text.split(";") if part.strip()]
    values = {name.strip().lower(): value.strip() for name, _, value in parts}
    if not parts or not all(values) or not all(values.values()):
        raise _Malformed("not made of NAME=VALUE;")
    if len(values) < len(parts):
        raise _Malformed("a name stands twice")
    return values


def _emulator(values: Mapping[str, str]) -> str:
    if values[_EMULATED].lower() != "true" or not values.keys() <= {_EMULATED, _PROXY}:
        raise _Malformed("UseDevelopmentStorage must be true, and stands alone or with DevelopmentStorageProxyUri")
    # Of the proxy's URL only scheme and host count, as for the Functions host.
    host = _PROXY_HOST.match(values.get(_PROXY, "http://127.0.0.1"))
    if host is None:
        raise _Malformed("DevelopmentStorageProxyUri is no URL")
    return f"{host[0]}:{_EMULATOR_PORT}/{_EMULATOR.name}"


def _url(values: Mapping[str, str]) -> str:
    if url := values.get("tableendpoint"):
        return url if url.lower().startswith("http") else f"https://{url}"
    if "accountname" not in values:
        raise _Malformed("neither TableEndpoint nor AccountName")
    # The protocol counts beside a suffix only, as for azure-data-tables.
    suffix = values.get("endpointsuffix")
    protocol = values.get("defaultendpointsprotocol", "https") if suffix else "https"
    return f"{protocol}://{values['accountname']}.table.{suffix or 'core.windows.net'}"


def _credential(values: Mapping[str, str]) -> AccountKey | Signature:
    name, key = values.get("accountname", ""), values.get("accountkey", "")
    if name and key:
        _check(name, key)
        return AccountKey(name, key)
    if "sharedaccesssignature" not in values:
        raise _Malformed("neither AccountName with AccountKey nor SharedAccessSignature")
    signature = values["sharedaccesssignature"].lstrip("?")
    if _SIGNATURE.fullmatch(signature) is None:
        raise _Malformed("SharedAccessSignature is no query of a URL")
    return Signature(signature)


def _check(name: str, key: str) -> None:
    if _ACCOUNT_NAME.fullmatch(name) is None:
        raise _Malformed("AccountName is none")
    try:
        base64.b64decode(key, validate=True)
    except ValueError:
        raise _Malformed("AccountKey is not base64") from None
