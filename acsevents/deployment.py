"""The deployment of Event Grid, with the same event subscriptions that the local one runs with.

https://learn.microsoft.com/azure/templates/microsoft.eventgrid/systemtopics
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from acsevents.subscriptions import EventSubscription

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


def template(subscriptions: Sequence[EventSubscription]) -> dict[str, Any]:
    """Make an ARM template: the system topic, its right to write dead letters, and the event subscriptions."""
    containers = {one.policy.dead_letter_container for one in subscriptions if one.policy.dead_letter_container}
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
            *(_event_subscription(one, role, subscriptions[:number]) for number, one in enumerate(subscriptions)),
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


def _event_subscription(
    subscription: EventSubscription, role: str, before: Sequence[EventSubscription]
) -> dict[str, Any]:
    """Write one event subscription, to be deployed after those before it: a type must not be excluded too early."""
    scope, container = "parameters('deadLetterStorageId')", subscription.policy.dead_letter_container
    role_id = f"[extensionResourceId({scope}, 'Microsoft.Authorization/roleAssignments', {role[1:-1]})]"
    topic = "parameters('systemTopicName')"
    return {
        "type": f"{_TOPIC}/eventSubscriptions",
        "apiVersion": _API_VERSION,
        "name": f"[concat({topic}, '/{subscription.name}')]",
        "dependsOn": [
            _TOPIC_ID,
            *([role_id, _container_id(container)] if container else []),
            *(f"[resourceId('{_TOPIC}/eventSubscriptions', {topic}, '{one.name}')]" for one in before),
        ],
        "properties": _properties(subscription),
    }


def _properties(subscription: EventSubscription) -> dict[str, Any]:
    policy = subscription.policy
    function: dict[str, Any] = {
        "resourceId": f"[concat(parameters('functionAppId'), '/functions/{subscription.function}')]",
        "maxEventsPerBatch": policy.max_events_per_batch,
        "preferredBatchSizeInKilobytes": policy.preferred_batch_size_in_kilobytes,
    }
    filters = {
        "includedEventTypes": subscription.event_types,
        "advancedFilters": subscription.advanced_filters,
        "subjectBeginsWith": subscription.subject_begins_with,
        "subjectEndsWith": subscription.subject_ends_with,
    }
    properties: dict[str, Any] = {
        "destination": {"endpointType": "AzureFunction", "properties": function},
        "filter": msgspec.to_builtins({key: value for key, value in filters.items() if value}),
        "eventDeliverySchema": policy.event_delivery_schema,
        "retryPolicy": {
            "maxDeliveryAttempts": policy.max_delivery_attempts,
            "eventTimeToLiveInMinutes": policy.event_time_to_live_in_minutes,
        },
    }
    if policy.dead_letter_container:
        properties["deadLetterWithResourceIdentity"] = {
            "identity": {"type": "SystemAssigned"},
            "deadLetterDestination": _dead_letter_destination(policy.dead_letter_container),
        }
    return properties


def _dead_letter_destination(name: str) -> dict[str, Any]:
    storage = {"resourceId": "[parameters('deadLetterStorageId')]", "blobContainerName": name}
    return {"endpointType": "StorageBlob", "properties": storage}
