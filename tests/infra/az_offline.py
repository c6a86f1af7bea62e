"""`az` without Azure: azure-cli itself, signed in to a Resource Manager that remembers what it is sent.

Runs in an environment of azure-cli's own, one call a process: `make walk`. Nothing of this project is imported. The
file `ARM_STATE` holds the resources by path. What needs a browser, Microsoft Graph or the compiler of Bicep is parsed
and not run; with `AZ_ONLY_PARSES` set, so is every call.
"""

import io
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

SUBSCRIPTION: Final = "00000000-0000-0000-0000-000000000001"
_PARSED_ONLY: Final = (["login"], ["account"], ["ad"], ["deployment"], ["rest"])
_STATE: Final = Path(os.environ["ARM_STATE"])
_ROLES: Final[dict[str, str]] = json.loads(Path(__file__).parents[2].joinpath("infra", "role-ids.json").read_text())
Json = dict[str, Any]


class _Parsed(BaseException):  # azure-cli would tell an Exception as an error
    """The call is understood, and must not go on."""


def answer(method: str, url: str, body: Json) -> tuple[int, Any]:
    """Answer as Resource Manager does, and remember what was sent; capitals of paths do not matter."""
    parts = urlsplit(url)
    path, query = unquote(parts.path).replace("//", "/"), parse_qs(parts.query)
    resources = json.loads(_STATE.read_text(encoding="utf-8"))
    status, told = _answer(method, path.rstrip("/"), query, body, resources)
    _STATE.write_text(json.dumps(resources, indent=1), encoding="utf-8")
    return status, told


def _answer(method: str, path: str, query: dict[str, list[str]], body: Json, resources: Json) -> tuple[int, Any]:
    key = path.lower()
    known = _known(key, query)
    if known is not None:
        return 200, known
    if method in {"PUT", "PATCH"}:
        return 200, _keep(key, path, body, resources, is_whole=method == "PUT")
    if method == "DELETE":
        return (204, {}) if resources.pop(key, None) is None else (200, {})
    key = key.removesuffix("/list") if method == "POST" else key  # of settings, which only a POST is told
    below = [one for other, one in resources.items() if re.fullmatch(rf"{re.escape(key)}/[^/]+", other)]
    is_type = key.rpartition("/providers/")[2].count("/") % 2
    missing = (200, {"value": below}) if is_type else (404, {"error": {"code": "NotFound", "message": path}})
    return (200, resources[key]) if key in resources else missing


def _keep(key: str, path: str, body: Json, resources: Json, *, is_whole: bool) -> Json:
    before: Json = {} if is_whole else resources.get(key, {})
    properties = {**before.get("properties", {}), **(body.get("properties") or {})}
    settings = (properties.get("siteConfig") or {}).pop("appSettings", None)
    if settings is not None:
        resources[f"{key}/config/appsettings"] = {"properties": {one["name"]: one["value"] for one in settings}}
    resources[key] = _made(path, path.rpartition("/")[2], {**before, **body, "properties": properties})
    kept: Json = resources[key]
    return kept


def _made(path: str, name: str, body: Json) -> Json:
    """Return a resource as it is told after it was sent."""
    made: Json = {"location": "here", **body, "id": path, "name": name}
    made["properties"] = {**(body.get("properties") or {}), "provisioningState": "Succeeded"}
    if "SystemAssigned" in str((body.get("identity") or {}).get("type")):
        made["identity"] = {**body["identity"], "principalId": f"principal of {name}"}
    if "/userAssignedIdentities/" in path:
        made["properties"] |= {"clientId": f"client of {name}", "principalId": f"principal of {name}"}
    if "/storageAccounts/" in path and "/providers/" not in path.partition("/storageAccounts/")[2]:
        endpoints = {
            service: f"https://{name.lower()}.{service}.core.windows.net/"
            for service in ("blob", "queue", "table", "file")
        }
        made["properties"] |= {"primaryEndpoints": endpoints, "encryption": {"keySource": "Microsoft.Storage"}}
    if "/sites/" in path and "functionAppConfig" in made["properties"]:
        made["properties"] |= {"sku": "FlexConsumption", "resourceGroup": path.split("/")[4]}
    if "/components/" in path:
        made["properties"]["ConnectionString"] = "InstrumentationKey=a-key-that-lets-nobody-read"
    return made


def _known(key: str, query: dict[str, list[str]]) -> Any:
    """Return what is there without anybody having made it."""
    for suffix, known in _THERE.items():
        if key.endswith(suffix):
            return known
    if key.endswith("/roledefinitions"):
        (role,) = re.findall(r"roleName eq '(.+)'", query["$filter"][0])
        base = f"/subscriptions/{SUBSCRIPTION}/providers/Microsoft.Authorization/roleDefinitions"
        return {"value": [{"id": f"{base}/{_ROLES[role]}", "name": _ROLES[role], "properties": {"roleName": role}}]}
    provider = re.fullmatch(r"/subscriptions/[^/]+/providers/([\w.]+)(?:/register)?", key)
    if provider:
        types = ("components", "communicationServices")
        versions = [{"resourceType": one, "apiVersions": ["2020-02-02"], "locations": []} for one in types]
        return {"namespace": provider[1], "registrationState": "Registered", "resourceTypes": versions}
    return None


def _python_stack() -> Json:
    sku = {"skuCode": "FC1", "functionAppConfigProperties": {"runtime": {"name": "python", "version": "3.12"}}}
    sizes = {"instanceMemoryMB": [{"size": 2048, "isDefault": True}], "maximumInstanceCount": {"defaultValue": 100}}
    settings = {"Sku": [{**sku, **sizes}], "appInsightsSettings": {"isSupported": True}, "gitHubActionSettings": {}}
    minor = {"value": "3.12", "stackSettings": {"linuxRuntimeSettings": settings}}
    return {"name": "python", "properties": {"majorVersions": [{"minorVersions": [minor]}]}}


_THERE: Final[dict[str, Any]] = {
    "/georegions": {"value": [{"name": "LOCATION", "properties": {"displayName": "LOCATION"}}]},
    "/locations": {"value": [{"name": "location", "displayName": "LOCATION", "metadata": {"regionType": "Physical"}}]},
    "/functionappstacks": {"value": [_python_stack()]},
    "/regionmapping.json": {"regions": {"location": {"laRegionCode": "LOC"}}},
    "/checknameavailability": {"nameAvailable": True},
    "/listkeys": {"keys": [{"keyName": one, "value": "a2V5", "permissions": "Full"} for one in ("key1", "key2")]},
}


def _send(adapter: Any, request: Any, **_: Any) -> Any:
    import urllib3  # noqa: PLC0415  of azure-cli's environment

    body = request.body.decode() if isinstance(request.body, bytes) else request.body
    status, told = answer(request.method, request.url, json.loads(body or "{}"))
    content, headers = io.BytesIO(json.dumps(told).encode()), {"Content-Type": "application/json"}
    return adapter.build_response(
        request, urllib3.HTTPResponse(content, headers=headers, status=status, preload_content=False)
    )


class _Credential:
    def get_token(self, *_: Any, **__: Any) -> Any:
        """Return a token that nobody checks."""
        from azure.core.credentials import AccessToken  # noqa: PLC0415  of azure-cli's environment

        return AccessToken("a token", 2**31)


def main(arguments: list[str]) -> int:
    """Run one call; return its exit code."""
    import requests  # noqa: PLC0415  of azure-cli's environment
    from azure.cli.core import get_default_cli  # type: ignore[import-untyped]  # noqa: PLC0415  the same
    from azure.cli.core._profile import Profile  # type: ignore[import-untyped]  # noqa: PLC0415  the same
    from knack.events import EVENT_INVOKER_POST_PARSE_ARGS  # type: ignore[import-not-found]  # noqa: PLC0415  the same

    person = {"id": SUBSCRIPTION, "tenantId": "a tenant", "user": {"name": "me", "type": "user"}, "name": "a name"}
    requests.adapters.HTTPAdapter.send = _send  # type: ignore[assignment, method-assign]
    Profile.get_login_credentials = lambda *_, **__: (_Credential(), SUBSCRIPTION, "a tenant")
    Profile.get_raw_token = lambda *_, **__: (("Bearer", "a token", {}), SUBSCRIPTION, "a tenant")
    Profile.get_subscription_id = lambda *_, **__: SUBSCRIPTION
    Profile.get_subscription = lambda *_, **__: {**person, "state": "Enabled", "environmentName": "AzureCloud"}
    Profile.load_cached_subscriptions = lambda *_, **__: [Profile.get_subscription()]
    cli = get_default_cli()
    if arguments[:1] == ["ad"]:
        sys.stdout.write("object id of me\n")
    if "AZ_ONLY_PARSES" in os.environ or arguments[:1] in _PARSED_ONLY:

        def stop(*_: Any, **__: Any) -> None:
            raise _Parsed

        cli.register_event(EVENT_INVOKER_POST_PARSE_ARGS, stop)
    try:
        return int(cli.invoke(arguments))
    except _Parsed:
        return 0
    except SystemExit as refused:
        return int(refused.code or 0)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {"AZURE_CONFIG_DIR": home, "AZURE_CORE_COLLECT_TELEMETRY": "no"}
        sys.exit(main(sys.argv[1:]))
