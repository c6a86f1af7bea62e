"""Explain errors of the Azure SDKs to the user of the command line."""

import os
from typing import Final
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from acsevents.failures import Failure, NotFound, OutOfReach, Refused
from shared.errors import SettingsError
from shared.storage.account import Account, Identity
from shared.storage.settings import read_settings

_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "::1"})
_NO_ROLE: Final = frozenset({"AuthorizationPermissionMismatch", "InsufficientAccountPermissions"})
_BLOCKED_BY_FIREWALL: Final = "AuthorizationFailure"  # from Azure's firewall; Azurite also sends it for a wrong key
_LOWEST_REFUSAL, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY, _SERVER_ERROR = 400, 401, 403, 404, 429, 500


def explanation_of_azure(error: Exception, account: Account | None = None) -> Failure | None:
    """Return the failure that explains an error of the Azure SDKs, or None for a bug.

    Args:
        error: the error.
        account: the account that was used; by default the one that the settings name.
    """
    if not isinstance(error, AzureError):
        return None
    try:
        account = account or read_settings(os.environ)
    except SettingsError:  # the error does not concern tables
        return OutOfReach(f"Azure does not answer, or refuses: {_code(error)}")
    if isinstance(error, HttpResponseError) and error.status_code is not None and error.status_code >= _LOWEST_REFUSAL:
        return _of_response(error.status_code, _code(error), account)
    return OutOfReach(_of_no_response(error, account))


def explanation_of_blobs(error: AzureError, container: str) -> Failure:
    """Return the failure that explains an error of a blob container; `container` is its URL without a signature."""
    status, code = getattr(error, "status_code", None), _code(error)
    if status is None and isinstance(error, ClientAuthenticationError):
        return OutOfReach("not signed in to Azure: run `az login`, or append a shared access signature to the URL")
    if status is None:
        return OutOfReach(
            f"{container} does not answer ({type(error).__name__}): correct the URL, or check the network"
        )
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return OutOfReach(
            f"{container} denies you access ({code}): ask for the role Storage Blob Data Reader on the account, or "
            "append a shared access signature with permission to read and list"
        )
    if status == _NOT_FOUND:
        return NotFound(f"there is no container at {container}")
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return OutOfReach(f"{container} is busy or failing ({code}): try again in a minute")
    return Refused(f"{container} refused the request ({code})")


def _of_no_response(error: AzureError, account: Account) -> str:
    if isinstance(error, HttpResponseError) and error.status_code is not None:
        return f"{account.endpoint} is not a table service: correct {account.setting}"
    if isinstance(error, ClientAuthenticationError):
        return "not signed in to Azure: run `az login`, or set EventTables to a connection string"
    if _is_local(account):
        return f"no tables at {account.endpoint}: start them with `make up`, or correct {account.setting}"
    return (
        f"{account.endpoint} does not answer ({type(error).__name__}): check that {account.setting} names the right "
        "account, and that the network and the account's firewall allow access"
    )


def _of_response(status: int, code: str, account: Account) -> Failure:
    endpoint = account.endpoint
    if code in _NO_ROLE:
        return OutOfReach(
            f"{endpoint} denies you access: ask for the role Storage Table Data Reader on the account, or "
            "Storage Table Data Contributor to change rows; a new role takes effect after some minutes"
        )
    if status in {_UNAUTHORIZED, _FORBIDDEN}:
        return OutOfReach(f"{endpoint} refuses the credentials ({code}): {_cure_of_credentials(code, account)}")
    if status == _TOO_MANY or status >= _SERVER_ERROR:
        return OutOfReach(f"{endpoint} is busy or failing ({code}): try again in a minute")
    if status == _NOT_FOUND:
        return OutOfReach(f"{endpoint} has no table service ({code}): correct {account.setting}")
    return Refused(f"{endpoint} refused the request ({code})")


def _cure_of_credentials(code: str, account: Account) -> str:
    if isinstance(account.credential, Identity):
        return "run `az login` for the account's tenant"
    if code == _BLOCKED_BY_FIREWALL and not _is_local(account):
        return "allow this machine's address in the account's firewall"
    return f"copy the connection string into {account.setting} again, and check that this machine's clock is right"


def _code(error: AzureError) -> str:
    """Return the service's error code, or else the HTTP status or the name of the error's class."""
    code = getattr(error, "error_code", None) or getattr(error, "status_code", None) or type(error).__name__
    return str(getattr(code, "value", code))


def _is_local(account: Account) -> bool:
    return urlsplit(account.endpoint).hostname in _LOCAL_HOSTS
