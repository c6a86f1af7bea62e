"""The deployment of Event Grid is made from the declarations that the local Event Grid runs with."""

import json
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest

from acsevents.deployment import template
from acsevents.local.event_grid import load
from acsevents.local.stack import SUBSCRIPTIONS
from shared.catalogue import EVENT_TYPES, FAMILIES

ROOT = Path(__file__).parents[2]


@pytest.fixture(name="resources")
def _resources() -> list[dict[str, Any]]:
    """The resources of the template."""
    resources: list[dict[str, Any]] = template(SUBSCRIPTIONS)["resources"]
    return resources


def test_every_event_type_is_delivered_to_the_function_of_its_family() -> None:
    """One event subscription per function, with exactly the types of the catalogue."""
    for family in FAMILIES:
        (declared,) = [one for one in load(SUBSCRIPTIONS) if one.function_name == family.function]
        wanted = {name for name, event_type in EVENT_TYPES.items() if event_type.family is family}

        assert wanted == set(declared.properties.filter.included_event_types or ())


def test_the_template_holds_what_the_declarations_say(resources: list[dict[str, Any]]) -> None:
    """Only the placeholders differ: they become parameters."""
    subscriptions = [one for one in resources if one["type"].endswith("/eventSubscriptions")]
    declared = json.loads(SUBSCRIPTIONS.read_text())

    assert len(declared) == len(subscriptions)
    for one, meant in zip(subscriptions, declared, strict=True):
        function = meant["properties"]["destination"]["properties"]["resourceId"].rpartition("/")[2]
        made = one["properties"]
        assert (
            f"[concat(parameters('functionAppId'), '/functions/{function}')]"
            == (made["destination"]["properties"]["resourceId"])
        )
        assert meant["properties"]["filter"] == made["filter"]
        assert meant["properties"]["retryPolicy"] == made["retryPolicy"]
        assert one["name"].endswith(f"'/{meant['name']}')]")
    assert "${" not in json.dumps(resources)


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
