"""The deployment of Event Grid, from the same declarations that the local one reads: infra/subscriptions.json.

https://learn.microsoft.com/azure/templates/microsoft.eventgrid/systemtopics
"""

import json
import re
from pathlib import Path
from typing import Any

_API_VERSION = "2025-02-15"
_ROLE_API_VERSION = "2022-04-01"
_CONTAINER_API_VERSION = "2023-05-01"
_STORAGE_BLOB_DATA_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
_PARAMETERS = {
    "communicationServiceId": "Resource id of the Azure Communication Services resource.",
    "functionAppId": "Resource id of the function app; its functions must be deployed already.",
    "deadLetterStorageId": "Resource id of a storage account in this resource group, for undeliverable events.",
}
_TOPIC = "Microsoft.EventGrid/systemTopics"
_TOPIC_ID = f"[resourceId('{_TOPIC}', parameters('systemTopicName'))]"
_PLACEHOLDER = re.compile(r"\$\{(\w+)\}(.*)")


def template(subscriptions: Path) -> dict[str, Any]:
    """Make an ARM template: the system topic, its right to write dead letters, and the event subscriptions."""
    declared = json.loads(subscriptions.read_text(encoding="utf-8"))
    containers = {_dead_letter_container(one) for one in declared}
    role = (
        f"[guid(parameters('deadLetterStorageId'), parameters('systemTopicName'), '{_STORAGE_BLOB_DATA_CONTRIBUTOR}')]"
    )
    return {
        "$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#",
        "contentVersion": "1.0.0.0",
        "parameters": {
            **{name: {"type": "string", "metadata": {"description": what}} for name, what in _PARAMETERS.items()},
            "systemTopicName": {"type": "string", "defaultValue": "acs-events"},
        },
        "resources": [
            _system_topic(),
            *(_container(name) for name in sorted(containers)),
            _role_assignment(role),
            *(_event_subscription(one, role) for one in declared),
        ],
    }


def _system_topic() -> dict[str, Any]:
    return {
        "type": _TOPIC,
        "apiVersion": _API_VERSION,
        "name": "[parameters('systemTopicName')]",
        "location": "global",
        "identity": {"type": "SystemAssigned"},
        "properties": {
            "source": "[parameters('communicationServiceId')]",
            "topicType": "Microsoft.Communication.CommunicationServices",
        },
    }


def _container(name: str) -> dict[str, Any]:
    return {
        "type": "Microsoft.Storage/storageAccounts/blobServices/containers",
        "apiVersion": _CONTAINER_API_VERSION,
        "name": f"[concat(last(split(parameters('deadLetterStorageId'), '/')), '/default/{name}')]",
    }


def _container_id(name: str) -> str:
    account = "last(split(parameters('deadLetterStorageId'), '/'))"
    return f"[resourceId('Microsoft.Storage/storageAccounts/blobServices/containers', {account}, 'default', '{name}')]"


def _role_assignment(name: str) -> dict[str, Any]:
    role = f"subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '{_STORAGE_BLOB_DATA_CONTRIBUTOR}')"
    identity = f"reference(resourceId('{_TOPIC}', parameters('systemTopicName')), '{_API_VERSION}', 'full').identity"
    return {
        "type": "Microsoft.Authorization/roleAssignments",
        "apiVersion": _ROLE_API_VERSION,
        "scope": "[parameters('deadLetterStorageId')]",
        "name": name,
        "dependsOn": [_TOPIC_ID],
        "properties": {
            "roleDefinitionId": f"[{role}]",
            "principalId": f"[{identity}.principalId]",
            "principalType": "ServicePrincipal",
        },
    }


def _event_subscription(declared: dict[str, Any], role: str) -> dict[str, Any]:
    scope = "parameters('deadLetterStorageId')"
    role_id = f"[extensionResourceId({scope}, 'Microsoft.Authorization/roleAssignments', {role[1:-1]})]"
    return {
        "type": f"{_TOPIC}/eventSubscriptions",
        "apiVersion": _API_VERSION,
        "name": f"[concat(parameters('systemTopicName'), '/{declared['name']}')]",
        "dependsOn": [_TOPIC_ID, role_id, _container_id(_dead_letter_container(declared))],
        "properties": _with_parameters(declared["properties"]),
    }


def _with_parameters(value: Any) -> Any:
    """Write `${name}` and what follows it as an ARM expression, all the way down."""
    if isinstance(value, dict):
        return {name: _with_parameters(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_with_parameters(part) for part in value]
    if isinstance(value, str) and (found := _PLACEHOLDER.fullmatch(value)):
        name, rest = found.groups()
        return f"[concat(parameters('{name}'), '{rest}')]" if rest else f"[parameters('{name}')]"
    return value


def _dead_letter_container(declared: dict[str, Any]) -> str:
    destination = declared["properties"]["deadLetterWithResourceIdentity"]["deadLetterDestination"]
    return str(destination["properties"]["blobContainerName"])
