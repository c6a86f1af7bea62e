"""The walk by hand of docs/deployment.md with azure-cli itself: what its commands make of Azure. `make walk` runs it.

Needs azure-cli in an environment of its own, so its name is not that of a test: `make test` runs everywhere. There is
no Azure: see az_offline.py. What Azure would refuse, only Azure can tell.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from shared.storage.account import Identity
from shared.storage.settings import read_settings
from tests.infra.bicep import INFRA
from tests.infra.walk import PAGE, ROOT, calls_of_hooks, calls_of_page

pytestmark = pytest.mark.timeout(900)  # some forty processes that each take a second or two to start

AZ: Final = [ROOT / ".local" / "azure-cli" / "bin" / "python", ROOT / "tests" / "infra" / "az_offline.py"]
GROUP: Final = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/GROUP"
ACS: Final = GROUP.replace("GROUP", "ACS_GROUP") + "/providers/Microsoft.Communication/communicationServices/ACS"
APP, TOPIC, ME = "principal of APP", "principal of acs-events", "object id of me"
ROLES: Final = {
    (APP, "Storage Blob Data Owner", "storageaccounts/hoststorage"),
    (APP, "Storage Queue Data Contributor", "storageaccounts/hoststorage"),
    (APP, "Storage Table Data Contributor", "storageaccounts/hoststorage"),
    (
        APP,
        "Storage Blob Data Contributor",
        "storageaccounts/hoststorage",
    ),  # by `az functionapp create`, for the package
    (APP, "Storage Table Data Contributor", "storageaccounts/datastorage"),
    (APP, "Monitoring Metrics Publisher", "components/app"),
    (TOPIC, "Storage Blob Data Contributor", "containers/event-grid-dead-letters"),
    (ME, "Storage Table Data Reader", "storageaccounts/datastorage"),
    (ME, "Storage Blob Data Reader", "storageaccounts/datastorage"),
}


@pytest.fixture(name="made", scope="module")
def _made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Resource Manager has after the walk, by path in small letters."""
    state = tmp_path_factory.mktemp("arm") / "state.json"
    state.write_text(json.dumps({ACS.lower(): {"id": ACS, "name": "ACS", "location": "global", "properties": {}}}))
    program = f"#!/bin/sh\nexec '{AZ[0]}' '{AZ[1]}' \"$@\"\n"
    calls_of_page(PAGE.read_text(encoding="utf-8"), program, ARM_STATE=str(state))
    made: dict[str, Any] = json.loads(state.read_text())
    return made


def one(made: dict[str, Any], provider: str, path: str) -> Any:
    """Return a resource of the app's group."""
    return made[f"{GROUP}/providers/{provider}/{path}".lower()]


def test_no_key_is_left(made: dict[str, Any]) -> None:
    """In no setting of the app; and no account takes one."""
    settings = one(made, "Microsoft.Web", "sites/APP/config/appsettings")["properties"]
    account = read_settings(settings)

    assert [] == [name for name, value in settings.items() if "AccountKey" in value]
    assert account.endpoint.lower() == "https://datastorage.table.core.windows.net"
    assert account.credential == Identity("client of APP", is_managed=True)
    for name in ("HOSTSTORAGE", "DATASTORAGE"):
        storage = one(made, "Microsoft.Storage", f"storageAccounts/{name}")["properties"]
        assert (storage["allowSharedKeyAccess"], storage["allowBlobPublicAccess"]) == (False, False)
        assert storage["minimumTlsVersion"] == "TLS1_2"
    assert one(made, "Microsoft.Insights", "components/APP")["properties"]["DisableLocalAuth"] is True


def test_the_app_runs_as_its_identity_and_takes_16_deliveries_at_once(made: dict[str, Any]) -> None:
    """On Flex Consumption, by https only, its package read by the identity too."""
    site = one(made, "Microsoft.Web", "sites/APP")
    config = site["properties"]["functionAppConfig"]
    (identity,) = site["identity"]["userAssignedIdentities"]

    assert identity.endswith("/userAssignedIdentities/APP")
    assert site["properties"]["httpsOnly"] is True
    assert config["deployment"]["storage"]["authentication"]["userAssignedIdentityResourceId"] == identity
    assert config["runtime"] == {"name": "python", "version": "3.12"}
    assert config["scaleAndConcurrency"]["maximumInstanceCount"] == 40
    assert config["scaleAndConcurrency"]["triggers"] == {"http": {"perInstanceConcurrency": 16}}


def test_the_topic_is_that_of_the_resource_and_has_an_identity(made: dict[str, Any]) -> None:
    """Made, or switched on where there was one without."""
    topic = one(made, "Microsoft.EventGrid", "systemTopics/acs-events")
    found = made[f"{GROUP}/providers/Microsoft.EventGrid/systemTopics/TOPIC".replace("GROUP", "TOPIC_GROUP").lower()]

    assert topic["properties"]["source"] == ACS
    assert topic["properties"]["topicType"] == "Microsoft.Communication.CommunicationServices"
    assert {topic["identity"]["type"], found["identity"]["type"]} == {"SystemAssigned"}


def test_everybody_has_the_roles_that_are_needed_and_no_others(made: dict[str, Any]) -> None:
    """On what is needed; the one on the whole host account for the package is azure-cli's own idea."""
    names = {role_id: name for name, role_id in json.loads((INFRA / "role-ids.json").read_text()).items()}
    assigned = {
        (
            found["properties"]["principalId"],
            names[found["properties"]["roleDefinitionId"].rpartition("/")[2]],
            "/".join(path.partition("/providers/microsoft.authorization/")[0].split("/")[-2:]),
        )
        for path, found in made.items()
        if "/roleassignments/" in path
    }

    assert assigned == ROLES


@pytest.mark.parametrize("call", calls_of_hooks(), ids=lambda call: " ".join(call[1:4]))
def test_azure_cli_takes_the_calls_of_the_hooks(call: list[str], tmp_path: Path) -> None:
    """With the options that they are given."""
    environment = {**os.environ, "AZ_ONLY_PARSES": "1", "ARM_STATE": str(tmp_path / "none")}
    ran = subprocess.run([*AZ, *call[1:]], env=environment, capture_output=True, text=True, timeout=120, check=False)

    assert ran.returncode == 0, ran.stderr
