"""Where the tables are: read from app settings the way Functions names connections.

https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from shared.errors import SettingsError
from shared.storage.account import Account, Identity, table_endpoint
from shared.storage.connection_string import parse_connection_string

CONNECTIONS: Final = ("EventTables", "AzureWebJobsStorage")
_OWN, _HOST = CONNECTIONS
_OWN_URI: Final = "EventTables__tableServiceUri"
_OWN_CLIENT_ID: Final = "EventTables__clientId"
_OWN_CREDENTIAL: Final = "EventTables__credential"
_OURS: Final = (_OWN, _OWN_URI, _OWN_CLIENT_ID, _OWN_CREDENTIAL)
_ALIKE: Final = 0.88  # of 1; `tenantId` is no misspelled `clientId`
_HOST_URI: Final = "AzureWebJobsStorage__tableServiceUri"
_HOST_ACCOUNT: Final = "AzureWebJobsStorage__accountName"
_HOST_CLIENT_ID: Final = "AzureWebJobsStorage__clientId"
_HOST_CREDENTIAL: Final = "AzureWebJobsStorage__credential"
_NAMES: Final = {
    name.lower(): name for name in (*_OURS, _HOST, _HOST_URI, _HOST_ACCOUNT, _HOST_CLIENT_ID, _HOST_CREDENTIAL)
}
_MANAGED_IDENTITY: Final = "managedidentity"
# Where Azure provides a managed identity, one of these says where to ask it.
_IDENTITY_ENDPOINTS: Final = ("IDENTITY_ENDPOINT", "MSI_ENDPOINT")


def read_settings(environment: Mapping[str, str]) -> Account:
    """Find the account that the settings name: `EventTables`, else `AzureWebJobsStorage`.

    The case of their names does not matter, as for the host; a blank setting is not set.

    Raises:
        SettingsError: missing, contradictory, unknown or unusable settings; the message names the setting and the cure.
    """
    given = _given(environment)
    is_provided = any(environment.get(name) for name in _IDENTITY_ENDPOINTS)
    account = _own(given, is_provided=is_provided) or _hosts(given, is_provided=is_provided)
    if account is None:
        raise SettingsError(
            f"no table storage is set: set {_OWN} to a connection string, or {_OWN_URI} to the https URL of the "
            "table service for managed identity"
        )
    return account


def _given(environment: Mapping[str, str]) -> dict[str, str]:
    given: dict[str, str] = {}
    for spelled, value in environment.items():
        name = _NAMES.get(spelled.lower())
        if not value.strip():
            continue
        if name is not None and given.setdefault(name, value.strip()) != value.strip():
            raise SettingsError(f"{name} is set twice, in other capitals: remove one of them")
        if name is None and _looks_like_ours(spelled.lower()):
            raise SettingsError(f"{spelled} is no setting of this app: {_meant(spelled)}")
    return given


def _looks_like_ours(unknown: str) -> bool:
    """Return whether a name is meant for this app: a misspelled one must not send records to the host's account."""
    if unknown.startswith("eventtable"):
        return True
    # Hardly any other name begins like this: a cold start does not wait for what this needs.
    return unknown.startswith("ev") and bool(_alike(re.split("__|:", unknown)[0], [_OWN]))


def _meant(unknown: str) -> str:
    close = _alike(unknown, _OURS)
    return f"write {close[0]}" if close else f"there are {', '.join(_OURS)}"


def _alike(spelled: str, names: Iterable[str]) -> list[str]:
    import difflib  # noqa: PLC0415  only an error needs it

    close = difflib.get_close_matches(spelled.lower(), [name.lower() for name in names], n=1, cutoff=_ALIKE)
    return [_NAMES[name] for name in close]


def _own(given: Mapping[str, str], *, is_provided: bool) -> Account | None:
    of_identity = [name for name in (_OWN_URI, _OWN_CLIENT_ID, _OWN_CREDENTIAL) if name in given]
    if _OWN in given and of_identity:
        raise SettingsError(f"{_OWN} and {of_identity[0]} are both set: remove one of them")
    if _OWN in given:
        return parse_connection_string(given[_OWN], _OWN)
    if not of_identity:
        return None
    if _OWN_URI not in given:
        raise SettingsError(f"{of_identity[0]} is set without {_OWN_URI}: set the URL of the table service too")
    credential = given.get(_OWN_CREDENTIAL, "").lower()
    if credential not in {"", _MANAGED_IDENTITY}:
        raise SettingsError(f"{_OWN_CREDENTIAL} may only be {_MANAGED_IDENTITY}: write that, or remove the setting")
    identity = Identity(given.get(_OWN_CLIENT_ID), is_managed=is_provided or bool(credential))
    return _by_identity(_OWN_URI, given[_OWN_URI], identity)


def _hosts(given: Mapping[str, str], *, is_provided: bool) -> Account | None:
    """Read the host's account; what else the host makes of its settings is none of this app's business."""
    setting = next((name for name in (_HOST_URI, _HOST_ACCOUNT) if name in given), None)
    if _HOST in given and setting is not None:
        raise SettingsError(f"{_HOST} and {setting} are both set: remove one of them")
    if _HOST in given:
        return parse_connection_string(given[_HOST], _HOST)
    if setting is None:
        return None
    account = given.get(_HOST_ACCOUNT, "")
    url = given.get(_HOST_URI, f"https://{account}.table.core.windows.net")
    if account and not url.lower().startswith(f"https://{account.lower()}."):
        raise SettingsError(f"{_HOST_URI} and {_HOST_ACCOUNT} name two accounts: remove one of them")
    is_managed = is_provided or given.get(_HOST_CREDENTIAL, "").lower() == _MANAGED_IDENTITY
    return _by_identity(setting, url, Identity(given.get(_HOST_CLIENT_ID), is_managed))


def _by_identity(setting: str, url: str, identity: Identity) -> Account:
    endpoint = table_endpoint(url, setting)
    if not endpoint.startswith("https://"):
        raise SettingsError(f"{setting} must be an https URL: a token is never sent in the clear")
    return Account(setting, endpoint, identity)
