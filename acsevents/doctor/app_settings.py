"""Check the deployed app's settings: whether they are valid, whether they leak, and what its identity may do."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final

from acsevents.doctor.azure import ArmError, ResourceManager, part
from acsevents.doctor.deployment import Deployment
from acsevents.doctor.finding import Finding, ok, skipped, warning, wrong
from acsevents.doctor.roles import examine_role
from shared.errors import SettingsError
from shared.storage.account import Identity
from shared.storage.settings import read_settings

_CHECK: Final = "app settings"
_VERSION: Final = "2024-04-01"
_FORBIDDEN: Final = 403
_KEYS: Final = ("accountkey=", "sharedaccesssignature=")
_VAULT: Final = "@microsoft."  # a reference that only the app can resolve
_URL_LOGGING: Final = "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY"


async def examine_app_settings(
    arm: ResourceManager, deployment: Deployment, site: Mapping[str, Any]
) -> AsyncIterator[Finding]:
    """Check the settings of an existing app; raise as `ResourceManager.get` does."""
    try:
        answer = await arm.ask(f"{deployment.function_app}/config/appsettings/list", _VERSION)
    except ArmError as error:
        if error.status != _FORBIDDEN:
            raise
        yield skipped(
            _CHECK, f"cannot be read: access denied ({error.code})", "ask for the role Website Contributor on the app"
        )
        return
    settings = {str(name): str(value) for name, value in (answer.get("properties") or {}).items()}
    for finding in _leaks(settings):
        yield finding
    if any(value.lower().startswith(_VAULT) for name, value in settings.items() if name.startswith("EventTables")):
        yield skipped(_CHECK, "refer to a key vault, which only the app can read", "use an identity: no key is needed")
        return
    try:
        account = read_settings(settings)
    except SettingsError as error:
        what, _, cure = str(error).partition(": ")
        yield wrong(_CHECK, what, cure)
        return
    yield ok(_CHECK, f"{account.setting} names {account.endpoint}")
    if isinstance(account.credential, Identity):
        async for finding in _examine_identity(arm, deployment, site, account.credential):
            yield finding


def _leaks(settings: Mapping[str, str]) -> Iterator[Finding]:
    for name, value in sorted(settings.items()):
        if any(key in value.lower() for key in _KEYS):
            yield warning(
                _CHECK, f"{name} contains a key", "use the identity and remove the key: docs/deployment.md, the app"
            )
    if settings.get(_URL_LOGGING, "").lower() in {"1", "true"}:
        yield wrong(_CHECK, f"{_URL_LOGGING} logs URLs of rows, which contain phone numbers", "remove the setting")


async def _examine_identity(
    arm: ResourceManager, deployment: Deployment, site: Mapping[str, Any], identity: Identity
) -> AsyncIterator[Finding]:
    check, assigned = "role of the app", part(site, "identity", "userAssignedIdentities") or {}
    by_client = {str(part(one, "clientId")).lower(): part(one, "principalId") for one in assigned.values()}
    principal = (
        part(site, "identity", "principalId")
        if identity.client_id is None
        else by_client.get(identity.client_id.lower())
    )
    if principal is None:
        yield wrong(
            check, "the app has no identity with the client id in its settings", "run `azd provision`, or assign it"
        )
        return
    role = "Storage Table Data Contributor"
    async for finding in examine_role(arm, check, str(principal), role, deployment.data_storage):
        yield finding
