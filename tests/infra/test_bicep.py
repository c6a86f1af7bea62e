"""The Bicep files hold together, as far as that can be told without Azure's compiler."""

import json
import re
from pathlib import Path
from typing import Final

import pytest

from tests.infra.bicep import FILES, INFRA, Declaration, Expression, declarations, nodes, tree, value, variable

MAIN: Final = INFRA / "main.bicep"
ROLES: Final = INFRA / "modules" / "roles.bicep"
# Stable versions in which every property that is used here exists; a diagnostic setting has no stable one.
API_VERSIONS: Final = {
    "Microsoft.Authorization/locks": "2020-05-01",
    "Microsoft.Authorization/roleAssignments": "2022-04-01",
    "Microsoft.EventGrid/systemTopics": "2025-02-15",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions": "2025-02-15",
    "Microsoft.Insights/actionGroups": "2023-01-01",
    "Microsoft.Insights/components": "2020-02-02",
    "Microsoft.Insights/diagnosticSettings": "2021-05-01-preview",
    "Microsoft.Insights/metricAlerts": "2018-03-01",
    "Microsoft.Insights/scheduledQueryRules": "2023-12-01",
    "Microsoft.Insights/workbooks": "2023-06-01",
    "Microsoft.ManagedIdentity/userAssignedIdentities": "2023-01-31",
    "Microsoft.Network/privateDnsZones": "2020-06-01",
    "Microsoft.Network/privateDnsZones/virtualNetworkLinks": "2020-06-01",
    "Microsoft.Network/privateEndpoints": "2024-05-01",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups": "2024-05-01",
    "Microsoft.Network/virtualNetworks": "2024-05-01",
    "Microsoft.OperationalInsights/workspaces": "2023-09-01",
    "Microsoft.Resources/resourceGroups": "2024-03-01",
    "Microsoft.Storage/storageAccounts": "2023-05-01",
    "Microsoft.Web/serverfarms": "2024-04-01",
    "Microsoft.Web/sites": "2024-04-01",
}
# Extensions and children of these are part of another resource and have no tags.
UNTAGGED: Final = {
    "Microsoft.Authorization/locks",
    "Microsoft.Authorization/roleAssignments",
    "Microsoft.EventGrid/systemTopics/eventSubscriptions",
    "Microsoft.Insights/diagnosticSettings",
    "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
}
# https://learn.microsoft.com/azure/role-based-access-control/built-in-roles
BUILT_IN_ROLES: Final = {
    "Monitoring Metrics Publisher": "3913510d-42f4-4e42-8a64-420c390055eb",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Storage Blob Data Owner": "b7e6dc6d-f1e8-4753-8033-0f276bb0955b",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Queue Data Contributor": "974c5e8b-45b9-4653-ba55-5f855dd0fb88",
    "Storage Table Data Contributor": "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3",
    "Storage Table Data Reader": "76199698-9eea-4c19-bc75-cec21354c6b6",
}

# https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-eventgrid-systemtopics-metrics
_SUBSCRIPTION: Final = "EventSubscriptionName"
TOPIC_METRICS: Final = {
    "DeadLetteredCount": {_SUBSCRIPTION, "DeadLetterReason"},
    "DeliveryAttemptFailCount": {_SUBSCRIPTION, "Error", "ErrorType"},
    "DeliverySuccessCount": {_SUBSCRIPTION},
    "DestinationProcessingDurationInMs": {_SUBSCRIPTION},
    "DroppedEventCount": {_SUBSCRIPTION, "DropReason"},
}
# https://learn.microsoft.com/azure/azure-monitor/reference/supported-metrics/microsoft-storage-storageaccounts-tableservices-metrics
TABLE_METRICS: Final = {
    "SuccessE2ELatency": {"ApiName", "Authentication", "GeoType"},
    "Transactions": {"ApiName", "Authentication", "GeoType", "ResponseType"},
}


def resources() -> list[tuple[Path, Declaration]]:
    """List every resource with the file it stands in; children inside another are left out."""
    found = [(path, one) for path in FILES for one in declarations(path, "resource")]
    return [(path, one) for path, one in found if "@" in one.text]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_file_parses(path: Path) -> None:
    """A file with a syntax error has an error node, or one that the parser had to make up."""
    root = tree(path)

    assert not root.has_error
    assert [] == [node for kind in ("ERROR", "MISSING") for node in nodes(root, kind)]


def test_every_resource_has_the_version_that_it_was_checked_with() -> None:
    """Another version may know other properties: whoever changes one looks them up."""
    found = {tuple(one.text.split("@")) for _path, one in resources()}

    assert set(API_VERSIONS.items()) == found


def test_every_module_is_given_the_parameters_that_it_declares() -> None:
    """No parameter is missing, misspelt or left over."""
    for module in declarations(MAIN, "module"):
        declared = declarations(INFRA / module.text, "parameter")
        needed = {one.name for one in declared if not one.has_default}

        assert needed <= set(module.body["params"]) <= {one.name for one in declared}, module.name


def test_every_output_that_is_used_is_declared() -> None:
    """Of modules in main.bicep."""
    modules = {one.name: INFRA / one.text for one in declarations(MAIN, "module")}
    used = set(re.findall(r"(\w+)!?\.outputs\.(\w+)", MAIN.read_text()))

    assert used
    assert set() == {
        (module, name)
        for module, name in used
        if name not in {one.name for one in declarations(modules[module], "output")}
    }


def test_every_parameter_and_variable_is_used() -> None:
    """What nothing uses says something that is not so."""
    unused = [
        f"{path.name}: {one.name}"
        for path in FILES
        for kind in ("parameter", "variable")
        for one in declarations(path, kind)
        if len(re.findall(rf"\b{one.name}\b", path.read_text())) < 2
    ]

    assert [] == unused


def test_azd_down_can_delete_no_group_but_our_own() -> None:
    """It deletes every resource group that the deployment made something in, whoever's that group is."""
    assert {"group"} == {one.body["scope"] for one in declarations(MAIN, "module")}
    assert ["group"] == [one.name for one in declarations(MAIN, "resource")]
    elsewhere = [
        (path.name, one.name)
        for path, one in resources()
        if str(one.body.get("scope", "")).startswith("resourceGroup(") and not one.existing
    ]
    assert [] == elsewhere


def test_every_resource_carries_the_tag_of_its_environment() -> None:
    """`azd down` asks before it deletes anything without it."""
    untagged = [
        (path.name, one.name)
        for path, one in resources()
        if not one.existing and one.text.partition("@")[0] not in UNTAGGED and "tags" not in one.body
    ]

    assert [] == untagged


def test_roles_have_the_ids_that_azure_gave_them() -> None:
    """A wrong digit is another role, or none."""
    assert json.loads((INFRA / "role-ids.json").read_text()) == BUILT_IN_ROLES


def test_every_role_that_is_assigned_has_an_id_and_every_id_is_assigned() -> None:
    """Roles are named in roles.bicep, and nowhere else."""
    named = {
        text
        for node in nodes(tree(ROLES), "string")
        if (text := value(node)) and re.match("(Storage|Monitoring) ", text)
    }

    assert set(BUILT_IN_ROLES) == named
    assert [ROLES] == [path for path in FILES if "roleAssignments@" in path.read_text()]


def test_every_role_assignment_is_named_after_its_principal() -> None:
    """A topic that was deleted and made again is another principal; an assignment cannot be changed to it."""
    assignments = [one for _path, one in resources() if one.text.startswith("Microsoft.Authorization/roleAss")]

    assert assignments
    for one in assignments:
        assert f", {one.body['properties']['principalId']}, ids[" in one.body["name"], one.name
        assert one.body["properties"]["principalType"] in {"ServicePrincipal", "readerPrincipalType"}


def test_the_topic_may_write_dead_letters_and_nothing_else() -> None:
    """Its one role is on the container: the tables and the code of the app are none of its business."""
    of_topic = [
        one
        for _path, one in resources()
        if one.text.startswith("Microsoft.Authorization/roleAss")
        and one.body["properties"]["principalId"] == "topicPrincipalId"
    ]

    assert ["dataStorage::blobs::deadLetters"] == [one.body["scope"] for one in of_topic]


def test_no_storage_account_takes_a_key() -> None:
    """Keys are switched off, and so are public blobs and old TLS."""
    accounts = [
        one.body["properties"]
        for _path, one in resources()
        if one.text.startswith("Microsoft.Storage/storageAccounts@") and not one.existing
    ]

    assert len(accounts) == 2
    for properties in accounts:
        assert properties["allowSharedKeyAccess"] is False
        assert properties["allowBlobPublicAccess"] is False
        assert properties["minimumTlsVersion"] == "TLS1_2"
        assert properties["supportsHttpsTrafficOnly"] is True


def test_the_site_has_no_property_that_flex_consumption_refuses() -> None:
    """Some regions ignore them, others end the deployment with error 51021.

    https://github.com/microsoft/azure-pipelines-tasks/issues/21032
    https://github.com/Azure/terraform-azurerm-avm-res-web-site/pull/345
    """
    (site,) = (one for _path, one in resources() if one.text.startswith("Microsoft.Web/sites@") and not one.existing)
    of_the_plan = {
        "alwaysOn",
        "preWarmedInstanceCount",
        "functionAppScaleLimit",
        "functionsRuntimeScaleMonitoringEnabled",
    }
    of_the_runtime = {
        "linuxFxVersion",
        "windowsFxVersion",
        "netFrameworkVersion",
        "pythonVersion",
        "use32BitWorkerProcess",
    }

    assert set() == site.body["properties"]["siteConfig"].keys() & (of_the_plan | of_the_runtime | {"ftpsState"})


def test_alerts_and_workbook_name_metrics_and_dimensions_that_exist() -> None:
    """Azure refuses an alert on another one, and a chart of it stays empty."""
    alerts, workbook = (INFRA / "modules" / name for name in ("alerts.bicep", "workbook.bicep"))
    charts = [(chart["metric"], chart["splitBy"]) for chart in variable(workbook, "deliveries")]
    (dimension,) = re.findall(r"dimensions: \[\{ name: '(\w+)'", alerts.read_text())

    for metric, split in [*((rule["metric"], dimension) for rule in variable(alerts, "metricRules")), *charts]:
        assert split in TOPIC_METRICS[metric], metric
    for chart in variable(workbook, "tableMetrics"):
        assert chart["splitBy"] in TABLE_METRICS[chart["metric"]], chart


def test_every_parameter_is_set_from_a_variable_of_the_azd_environment() -> None:
    """main.parameters.json names each parameter, and repeats its default where it has one."""
    given = json.loads((INFRA / "main.parameters.json").read_text())["parameters"]
    declared = {one.name: one for one in declarations(MAIN, "parameter")}

    assert list(declared) == list(given)
    for node in nodes(tree(MAIN), "parameter_declaration"):
        name = next(child.text.decode() for child in node.children if child.type == "identifier" and child.text)
        matched = re.fullmatch(r"\$\{([A-Z][A-Z_]*)(?:=(.*))?\}", given[name]["value"])
        assert matched, name
        default = value(node.named_children[-1]) if declared[name].has_default else None
        if name == "principalId":  # azd fills it in by itself
            continue
        assert (None if default is None else _as_text(default)) == matched[2], name


def _as_text(default: object) -> str:
    return str(default).lower() if isinstance(default, bool | Expression) else str(default)
