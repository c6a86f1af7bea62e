"""An Azure Resource Manager on 127.0.0.1 with a sink that is deployed as infra/ does it."""

import copy
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Self

from aiohttp import web
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from acsevents.deployment import FILTERS
from acsevents.doctor.azure import ResourceManager
from acsevents.doctor.deployment import Deployment
from acsevents.doctor.roles import ROLE_IDS
from acsevents.local.ports import listening
from acsevents.subscriptions import SUBSCRIPTIONS

APP: Final = "/subscriptions/s/resourceGroups/rg-sink/providers/Microsoft.Web/sites/func-x"
TOPIC: Final = "/subscriptions/s/resourceGroups/rg-acs/providers/Microsoft.EventGrid/systemTopics/acs-events"
DATA: Final = "/subscriptions/s/resourceGroups/rg-sink/providers/Microsoft.Storage/storageAccounts/stdata"
DEPLOYMENT: Final = Deployment(APP, TOPIC, DATA)
SETTINGS: Final = f"{APP}/config/appsettings/list"
ROLES_OF_THE_APP: Final = f"{DATA}/providers/Microsoft.Authorization/roleAssignments"
CONTAINER: Final = f"{DATA}/blobServices/default/containers/event-grid-dead-letters"
ROLES_OF_THE_TOPIC: Final = f"{CONTAINER}/providers/Microsoft.Authorization/roleAssignments"
_VERSIONS: Final = {
    "Microsoft.Web": "2024-04-01",
    "Microsoft.EventGrid": "2025-02-15",
    "Microsoft.Authorization": "2022-04-01",
}


class Credential:
    """Signs in, or does not."""

    def __init__(self, token: str | None = None) -> None:
        self.token = "a token" if token is None else token
        self.closed = False

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        """Return the token for Resource Manager."""
        assert scopes == ("https://management.azure.com/.default",)
        if not self.token:
            raise ClientAuthenticationError("no credential")
        return AccessToken(self.token, 2**31)

    async def close(self) -> None:
        """Note that it was closed."""
        self.closed = True

    async def __aenter__(self) -> Self:
        """Do nothing."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Do nothing."""


class Arm:
    """What is deployed, by path; a list is given out in pages of two, a status as an error.

    Attributes:
        resources: what to answer.
    """

    def __init__(self) -> None:
        self.url = ""
        self.resources: dict[str, Any] = {
            APP: {
                "name": "func-x",
                "identity": {
                    "type": "UserAssigned",
                    "userAssignedIdentities": {"/…/id-x": {"principalId": "app-principal", "clientId": "APP-CLIENT"}},
                },
                "properties": {
                    "state": "Running",
                    "functionAppConfig": {
                        "scaleAndConcurrency": {"triggers": {"http": {"perInstanceConcurrency": 16}}}
                    },
                },
            },
            f"{APP}/functions": [
                {"properties": {"name": name, "isDisabled": False}}
                for name in ("sms_events", "chat_user_events", "chat_thread_events")
            ],
            SETTINGS: {
                "properties": {
                    "AzureWebJobsStorage__credential": "managedidentity",
                    "EventTables__tableServiceUri": "https://stdata.table.core.windows.net/",
                    "EventTables__clientId": "app-client",
                    "EventTables__credential": "managedidentity",
                }
            },
            ROLES_OF_THE_APP: [role("app-principal", "Storage Table Data Contributor")],
            TOPIC: {
                "name": "acs-events",
                "identity": {"type": "SystemAssigned", "principalId": "topic-principal"},
            },
            ROLES_OF_THE_TOPIC: [role("topic-principal", "Storage Blob Data Contributor")],
            f"{TOPIC}/eventSubscriptions": subscriptions(),
        }

    async def answer(self, request: web.Request) -> web.Response:
        """Answer as Resource Manager does."""
        provider = request.path.rpartition("/providers/")[2].split("/")[0]
        assert request.query["api-version"] == _VERSIONS[provider]
        assert request.method == ("POST" if request.path == SETTINGS else "GET")
        if request.headers["Authorization"] != "Bearer a token":
            return web.json_response({"error": {"code": "InvalidAuthenticationToken"}}, status=401)
        found = self.resources.get(request.path, 404)
        if isinstance(found, int):
            return web.json_response({"error": {"code": f"Status{found}"}}, status=found)
        if isinstance(found, web.Response):
            return found
        if isinstance(found, list):
            if provider == "Microsoft.Authorization":
                found = [one for one in found if request.query["$filter"] == _of(one["properties"]["principalId"])]
            first = int(request.query.get("$skip", "0"))
            more = f"{self.url}{request.path}?api-version={request.query['api-version']}&$skip={first + 2}"
            found = {"value": found[first : first + 2], **({"nextLink": more} if found[first + 2 :] else {})}
        return web.json_response(found)


def role(principal: str, name: str) -> dict[str, Any]:
    """Return the assignment of a role."""
    known = {**json.loads(ROLE_IDS.read_text()), "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7"}
    definition = f"/subscriptions/s/providers/Microsoft.Authorization/roleDefinitions/{known[name]}"
    return {"properties": {"principalId": principal, "roleDefinitionId": definition}}


def _of(principal: str) -> str:
    return f"atScope() and assignedTo('{principal}')"


def subscriptions() -> list[dict[str, Any]]:
    """Return the event subscriptions as azd deploys them."""
    delivery = json.loads(SUBSCRIPTIONS.read_text())["delivery"]
    return [
        {
            "name": declared["name"].upper(),
            "properties": {
                "provisioningState": "Succeeded",
                "destination": {
                    "endpointType": "AzureFunction",
                    "properties": {"resourceId": f"{APP.upper()}/functions/{declared['function']}"},
                },
                "filter": {
                    "subjectBeginsWith": "",
                    "subjectEndsWith": "",
                    "includedEventTypes": None,
                    "advancedFilters": [],
                    **copy.deepcopy(declared["filter"]),
                },
                "eventDeliverySchema": delivery["eventDeliverySchema"],
                "retryPolicy": {
                    "maxDeliveryAttempts": delivery["maxDeliveryAttempts"],
                    "eventTimeToLiveInMinutes": delivery["eventTimeToLiveInMinutes"],
                },
                "deadLetterWithResourceIdentity": {
                    "identity": {"type": "SystemAssigned"},
                    "deadLetterDestination": {
                        "endpointType": "StorageBlob",
                        "properties": {
                            "resourceId": DATA.upper(),
                            "blobContainerName": delivery["deadLetterContainer"],
                        },
                    },
                },
            },
        }
        for declared in json.loads(FILTERS.read_text())
    ]


@asynccontextmanager
async def running(arm: Arm, credential: Credential) -> AsyncIterator[ResourceManager]:
    """Serve it, and open a client."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", arm.answer)
    async with listening(app, 0, patience=1) as arm.url, ResourceManager(credential, arm.url) as client:
        yield client
