"""The deployment of Event Grid is made from the declarations that the local Event Grid runs with."""

import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from acsevents.deployment import template
from acsevents.subscriptions import load

ROOT = Path(__file__).parents[2]


@pytest.fixture(name="resources")
def _resources() -> list[dict[str, Any]]:
    """The resources of the template."""
    resources: list[dict[str, Any]] = template(load())["resources"]
    return resources


def test_the_template_holds_what_the_declarations_say(resources: list[dict[str, Any]]) -> None:
    """Functions, event types, filters and retry policy; each subscription is deployed after those before it."""
    made = [one for one in resources if one["type"].endswith("/eventSubscriptions")]

    for number, (one, meant) in enumerate(zip(made, load(), strict=True)):
        properties, filters = one["properties"], one["properties"]["filter"]
        function = f"[concat(parameters('functionAppId'), '/functions/{meant.function}')]"
        assert one["name"].endswith(f"'/{meant.name}')]")
        assert function == properties["destination"]["properties"]["resourceId"]
        assert list(meant.event_types) == list(filters.get("includedEventTypes", ()))
        assert [
            {"operatorType": advanced.operator_type, "key": advanced.key, "values": list(advanced.values)}
            for advanced in meant.advanced_filters
        ] == [{**advanced, "values": list(advanced["values"])} for advanced in filters.get("advancedFilters", ())]
        assert properties["retryPolicy"] == {"maxDeliveryAttempts": 30, "eventTimeToLiveInMinutes": 1440}
        assert number == sum("eventSubscriptions'" in dependency for dependency in one["dependsOn"])


def test_dead_letters_have_a_container_and_the_topic_may_write_to_it(resources: list[dict[str, Any]]) -> None:
    """Without both, Event Grid drops what it cannot deliver."""
    types = [one["type"] for one in resources]

    assert 1 == types.count("Microsoft.Storage/storageAccounts/blobServices/containers")
    assert 1 == types.count("Microsoft.Authorization/roleAssignments")
    topic = next(one for one in resources if one["type"] == "Microsoft.EventGrid/systemTopics")
    assert {"type": "SystemAssigned"} == topic["identity"]
    for one in resources:
        if one["type"].endswith("/eventSubscriptions"):
            assert "deadLetterWithResourceIdentity" in one["properties"]


def test_only_what_runs_in_azure_is_shipped() -> None:
    """Everything else that lies in the folder is named by `.funcignore`."""
    patterns = [line for line in (ROOT / ".funcignore").read_text().splitlines() if line and not line.startswith("#")]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    top = {name.partition("/")[0] for name in tracked}
    shipped = {name for name in top if not any(fnmatch(name, pattern) for pattern in patterns)}

    assert {"function_app.py", "functions", "shared", "host.json", "requirements.txt"} == shipped
    # `func` puts the packages that it builds into this folder, and must find them again.
    assert not any(fnmatch(".python_packages", pattern) for pattern in patterns)
