"""Check the deployed function app and system topic through Azure Resource Manager."""

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

import aiohttp
from azure.core.exceptions import ClientAuthenticationError

from acsevents.doctor.app_settings import examine_app_settings
from acsevents.doctor.azure import ArmError, ResourceManager, part
from acsevents.doctor.comparison import compare
from acsevents.doctor.deployment import Deployment
from acsevents.doctor.finding import Finding, ok, warning, wrong
from acsevents.doctor.roles import examine_role
from acsevents.subscriptions import EventSubscription
from shared.catalogue import FAMILIES

HTTP_CONCURRENCY: Final = 16
_SITE_VERSION: Final = "2024-04-01"
_GRID_VERSION: Final = "2025-02-15"
_SCALE: Final = "run `az functionapp scale config set --trigger-type http --trigger-settings perInstanceConcurrency=16`"
_WRITES_BLOBS: Final = "Storage Blob Data Contributor"
_NOT_FOUND, _UNAUTHORIZED, _FORBIDDEN = 404, 401, 403


async def examine_deployed(
    arm: ResourceManager, deployment: Deployment, declared: Sequence[EventSubscription]
) -> AsyncIterator[Finding]:
    """Check the function app, the topic and its event subscriptions."""
    parts: tuple[tuple[str, Callable[[], AsyncIterator[Finding]]], ...] = (
        ("function app", lambda: _examine_app(arm, deployment)),
        ("system topic", lambda: _examine_topic(arm, deployment, declared)),
    )
    for check, examine in parts:
        try:
            async for finding in examine():
                yield finding
        except ArmError as error:
            yield _unreadable(check, error)
        except ClientAuthenticationError:
            yield wrong(check, "not signed in to Azure", "run `az login`")
            return
        except (aiohttp.ClientError, TimeoutError) as error:
            what = f"Azure Resource Manager cannot be reached ({type(error).__name__})"
            yield wrong(check, what, "check that this machine can reach https://management.azure.com")
            return


async def _examine_app(arm: ResourceManager, deployment: Deployment) -> AsyncIterator[Finding]:
    app_id = deployment.function_app
    site = await arm.get(app_id, _SITE_VERSION)
    state = part(site, "properties", "state")
    if state == "Running":
        yield ok("function app", f"{site.get('name')} is running")
    else:
        what = f"{site.get('name')} is {state}: Event Grid gives up on its events within minutes"
        yield wrong("function app", what, "run `az functionapp start`; to pause it, disable the functions instead")
    yield _concurrency(site)
    functions = await arm.children(f"{app_id}/functions", _SITE_VERSION)
    names = {str(part(one, "properties", "name")) for one in functions}
    missing = sorted({family.function for family in FAMILIES} - names)
    disabled = sorted(
        str(part(one, "properties", "name")) for one in functions if part(one, "properties", "isDisabled")
    )
    if missing:
        yield wrong("functions", f"missing: {', '.join(missing)}", "deploy the code: `azd deploy`; then check its log")
    if disabled:
        yield wrong("functions", f"disabled: {', '.join(disabled)}", "remove the settings AzureWebJobs.….Disabled")
    if not missing and not disabled:
        yield ok("functions", f"{len(names)} are deployed")
    async for finding in examine_app_settings(arm, deployment, site):
        yield finding


def _concurrency(site: dict[str, Any]) -> Finding:
    check = "HTTP concurrency"
    scale = part(site, "properties", "functionAppConfig", "scaleAndConcurrency")
    if not scale:
        return warning(
            check, "the app is not on Flex Consumption", "see docs/deployment.md for the plan that was measured"
        )
    found = part(scale, "triggers", "http", "perInstanceConcurrency")
    if found is not None and found >= HTTP_CONCURRENCY:
        return ok(check, f"{found} requests per instance")
    what = "one request per instance, the default for Python" if found is None else f"{found} requests per instance"
    return warning(check, f"{what}: few events are written together", _SCALE)


async def _examine_topic(
    arm: ResourceManager, deployment: Deployment, declared: Sequence[EventSubscription]
) -> AsyncIterator[Finding]:
    topic = await arm.get(deployment.topic, _GRID_VERSION)
    if "SystemAssigned" not in str(part(topic, "identity", "type")):
        what = f"{topic.get('name')} has no system-assigned identity, so it cannot write dead letters"
        yield wrong("system topic", what, "run `azd provision`, or enable its system-assigned identity")
    else:
        yield ok("system topic", f"{topic.get('name')} has an identity")
    found = await arm.children(f"{deployment.topic}/eventSubscriptions", _GRID_VERSION)
    for finding in compare(declared, found, deployment):
        yield finding
    principal = part(topic, "identity", "principalId")
    containers = {one.policy.dead_letter_container for one in declared if principal}
    for container in sorted(filter(None, containers)):
        scope = f"{deployment.data_storage}/blobServices/default/containers/{container}"
        async for finding in examine_role(arm, "role of the topic", principal, _WRITES_BLOBS, scope):
            yield finding


def _unreadable(check: str, error: ArmError) -> Finding:
    if error.status == _NOT_FOUND:
        return wrong(check, "does not exist", "run `azd provision`, or correct the ids in azd's environment")
    if error.status in {_UNAUTHORIZED, _FORBIDDEN}:
        return wrong(
            check, f"cannot be read: access denied ({error.code})", "ask for the role Reader on its resource group"
        )
    return wrong(check, f"cannot be read ({error.code})", "try again in a minute")
