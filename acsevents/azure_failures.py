"""What Azure's errors mean to the one who sits at the command line."""

import os
from typing import Final
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, DecodeError, HttpResponseError

from acsevents.failures import Failure, OutOfReach, Refused
from shared.errors import SettingsError
from shared.storage.settings import Account, read_settings

_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1", None})
_BAD_REQUEST, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 400, 401, 403, 404, 429, 500


def explanation_of_azure(error: Exception) -> Failure | None:
    """Return what to tell about an error of the Azure SDKs, None for a bug."""
    if not isinstance(error, AzureError):
        return None
    account = _account()
    if isinstance(error, DecodeError):
        return OutOfReach(f"what answers at {_place(account)} is no table service: correct {account.setting}")
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return _explanation_of_answer(error.status_code, _code(error), account)
    if isinstance(error, ClientAuthenticationError):
        return OutOfReach("not signed in to Azure: run `az login`, or set EventTables to a connection string")
    if _is_local(account):
        return OutOfReach(f"no tables at {_place(account)}: start them with `make up`, or correct {account.setting}")
    return OutOfReach(
        f"{_place(account)} does not answer ({type(error).__name__}): check the account's name in {account.setting}, "
        "the network and the account's firewall"
    )


def _explanation_of_answer(status: int, code: str, account: Account) -> Failure:
    setting, place = account.setting, _place(account)
    if code in {"AuthorizationPermissionMismatch", "InsufficientAccountPermissions"}:
        return OutOfReach(
            f"the role is missing: you need `Storage Table Data Reader` on {place} to ask, `Storage Table Data "
            "Contributor` to change: `az role assignment create`; it takes some minutes to work"
        )
    if code == "AuthorizationFailure" and not _is_local(account):
        return OutOfReach(f"{place} lets nobody in from here: allow this address in the account's firewall")
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        cure = (
            "run `az login`, and see that it is the account's tenant"
            if account.endpoint
            else f"copy the connection string to {setting} again, and see that this machine's clock is right"
        )
        return OutOfReach(f"{place} refuses the credentials ({code or status}): {cure}")
    if status in {_BAD_REQUEST, _NOT_FOUND}:
        return Refused(f"{place} does not understand the request ({code or status}): is {setting} a table service?")
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return OutOfReach(f"{place} is busy or in trouble ({code or status}): ask again in a minute")
    return Refused(f"{place} refused the request ({code or status})")


def _code(error: HttpResponseError) -> str:
    """Return the service's error code, empty where it sent none."""
    code = getattr(error, "error_code", None)
    return str(getattr(code, "value", code) or "")


def _account() -> Account:
    try:
        return read_settings(os.environ)
    except SettingsError:
        return Account("EventTables")


def _place(account: Account) -> str:
    """Name the table service of an account, without its key."""
    parts = dict(part.partition("=")[::2] for part in (account.connection_string or "").split(";"))
    if account.endpoint or parts.get("TableEndpoint"):
        return (account.endpoint or parts["TableEndpoint"]).partition("?")[0]
    if parts.get("UseDevelopmentStorage"):
        return "http://127.0.0.1:10002"
    return f"https://{parts.get('AccountName', '…')}.table.{parts.get('EndpointSuffix', 'core.windows.net')}"


def _is_local(account: Account) -> bool:
    return urlsplit(_place(account)).hostname in _LOCAL_HOSTS
