"""The walk by hand of docs/deployment.md leads where `azd up` leads: run in order, against stand-ins.

What azure-cli makes of each command is another question: `make walk`.
"""

import itertools
import json
from typing import Any, Final

import pytest

from shared.catalogue import FAMILIES
from shared.storage.account import Identity
from shared.storage.settings import read_settings
from tests.infra.bicep import INFRA, declarations, nodes, tree, value
from tests.infra.walk import PAGE, calls_of_page

APP, TOPIC, ME = "principalId of APP", "identity.principalId of acs-events", "/me"
# Who gets which role on what: the table of the design, and what roles.bicep assigns.
ROLES: Final = {
    (APP, "Storage Blob Data Owner", "/HOSTSTORAGE"),
    (APP, "Storage Queue Data Contributor", "/HOSTSTORAGE"),
    (APP, "Storage Table Data Contributor", "/HOSTSTORAGE"),
    (APP, "Storage Table Data Contributor", "/DATASTORAGE"),
    (APP, "Monitoring Metrics Publisher", "/components/APP"),
    (TOPIC, "Storage Blob Data Contributor", "/containers/event-grid-dead-letters"),
    (ME, "Storage Table Data Reader", "/DATASTORAGE"),
    (ME, "Storage Blob Data Reader", "/DATASTORAGE"),
}


@pytest.fixture(name="calls", scope="module")
def _calls() -> list[list[str]]:
    """Every call of the page, in its order."""
    return calls_of_page(PAGE.read_text(encoding="utf-8"))


def of(calls: list[list[str]], *words: str) -> list[dict[str, str]]:
    """Return the options of every call that begins with some words."""
    return [dict(itertools.pairwise(call)) for call in calls if tuple(call[: len(words)]) == words]


def test_the_walk_goes_from_top_to_bottom(calls: list[list[str]]) -> None:
    """It begins with the sign-in; every variable is set before it is used, and quoted: answers have spaces here."""
    words = [word for call in calls for word in call]

    assert ["az", "login"] == next(call for call in calls if call[0] == "az")
    assert [] == [word for word in words if not word or "$" in word]
    assert [] == [word for word in words if word == "of" or word.startswith("subscription/")]


@pytest.mark.parametrize(
    ("first", "then"),
    [
        ("az provider register", "az eventgrid system-topic create"),
        ("az role assignment create", "az functionapp create"),
        ("az functionapp create", "az functionapp config appsettings set"),
        ("az functionapp config appsettings delete", "az storage account update"),
        ("az functionapp scale config set", "func azure functionapp publish"),
        ("func azure functionapp publish", "az deployment group create"),
        ("az eventgrid system-topic create", "az deployment group create"),
    ],
)
def test_each_step_comes_after_what_it_needs(calls: list[list[str]], first: str, then: str) -> None:
    """Roles before the app that needs them, keys off after nothing uses them, subscriptions after the code."""
    lines = [" ".join(call) for call in calls]

    (before, *_), (after, *_) = (
        [at for at, line in enumerate(lines) if line.startswith(begin)] for begin in (first, then)
    )

    assert before < after


def test_no_setting_and_no_account_has_a_key_at_the_end(calls: list[list[str]]) -> None:
    """`az functionapp create` leaves two connection strings; the app then understands what is left."""
    settings = {"AzureWebJobsStorage": "a key", "DEPLOYMENT_STORAGE_CONNECTION_STRING": "a key"}
    for call in calls[: calls.index(["func", "azure", "functionapp", "publish", "APP", "--python"])]:
        if call[1:5] == ["functionapp", "config", "appsettings", "set"]:
            settings |= dict(one.split("=", 1) for one in call[call.index("--settings") + 1 :])
        if call[1:5] == ["functionapp", "config", "appsettings", "delete"]:
            assert settings.keys() >= {*call[call.index("--setting-names") + 1 :]}
            settings = {name: one for name, one in settings.items() if name not in call}

    assert "a key" not in settings.values()
    account = read_settings(settings)
    assert account.endpoint.lower() == "https://datastorage.table.core.windows.net"
    assert account.credential == Identity("clientId of APP", is_managed=True)
    accounts = {one["--name"]: one for one in of(calls, "az", "storage", "account")}
    assert accounts.keys() == {"HOSTSTORAGE", "DATASTORAGE"}
    closed = [one for one in of(calls, "az", "storage", "account") if one.get("--allow-shared-key-access") == "false"]
    assert {one["--name"] for one in closed} == set(accounts)


def test_the_settings_are_those_of_azd(calls: list[list[str]]) -> None:
    """But for the short form of the host's account, and what the command itself makes of Application Insights."""
    (site,) = (one for one in _resources("function-app.bicep") if one.name == "site")
    by_azd = {one["name"] for one in site.body["properties"]["siteConfig"]["appSettings"]}
    set_by_hand = {
        word.partition("=")[0]
        for call in calls
        if call[1:5] == ["functionapp", "config", "appsettings", "set"]
        for word in call
        if "=" in word
    }
    short, by_the_command = "AzureWebJobsStorage__accountName", {"APPLICATIONINSIGHTS_CONNECTION_STRING"}
    host = {f"AzureWebJobsStorage__{service}ServiceUri" for service in ("blob", "queue", "table")}
    disabled = {f"AzureWebJobs.{family.function}.Disabled" for family in FAMILIES}

    assert set_by_hand - disabled == (by_azd - host - by_the_command) | {short}
    assert disabled <= set_by_hand


def test_everybody_gets_the_roles_that_azd_gives(calls: list[list[str]]) -> None:
    """On the same things and no wider."""
    assigned = of(calls, "az", "role", "assignment", "create")

    assert len(assigned) == len(ROLES)
    for who, role, where in ROLES:
        (one,) = (one for one in assigned if one["--role"] == role and one["--scope"].endswith(where))
        assert one["--assignee-object-id"].endswith(who)
    assert {role for _who, role, _where in ROLES} == set(json.loads((INFRA / "role-ids.json").read_text()))


def test_the_app_is_that_of_azd(calls: list[list[str]]) -> None:
    """The same Python, as many instances, as many deliveries at once, by https only."""
    (created,) = of(calls, "az", "functionapp", "create")
    (scaled,) = of(calls, "az", "functionapp", "scale", "config", "set")
    (site,) = (one for one in _resources("function-app.bicep") if one.name == "site")

    assert created["--https-only"] == "true"
    assert created["--runtime-version"] == site.body["properties"]["functionAppConfig"]["runtime"]["version"]
    assert created["--deployment-storage-auth-type"] == "UserAssignedIdentity"
    assert created["--deployment-storage-auth-value"] == created["--assign-identity"]
    assert scaled["--maximum-instance-count"] == _default("maximumInstanceCount")
    assert scaled["--trigger-settings"] == f"perInstanceConcurrency={_default('httpConcurrency')}"


def test_the_subscriptions_are_those_of_azd(calls: list[list[str]]) -> None:
    """The same file with the parameters that it declares, and the container that it names."""
    (call,) = (call for call in calls if call[1:4] == ["deployment", "group", "create"])
    given = dict(word.split("=", 1) for word in call[call.index("--parameters") + 1 :])
    (container,) = of(calls, "az", "storage", "container-rm", "create")

    template = INFRA.parent / call[call.index("--template-file") + 1]
    assert given.keys() == {one.name for one in declarations(template, "parameter")}
    assert given["functionAppId"].endswith("/functionapp/APP")
    assert given["deadLetterStorageId"].endswith("/DATASTORAGE")
    declared = json.loads((INFRA / "subscriptions.json").read_text())["delivery"]["deadLetterContainer"]
    assert (container["--storage-account"], container["--name"]) == ("DATASTORAGE", declared)


def test_the_topic_gets_the_identity_that_writes_dead_letters(calls: list[list[str]]) -> None:
    """By the option that works: azure-cli parses `--mi-system-assigned` and sends no identity.

    https://github.com/Azure/azure-cli/issues/28064
    """
    for what in ("create", "update"):
        (one,) = of(calls, "az", "eventgrid", "system-topic", what)
        assert one["--identity"] == "systemassigned"
        assert "--mi-system-assigned" not in one


def _resources(module: str) -> list[Any]:
    return declarations(INFRA / "modules" / module, "resource")


def _default(name: str) -> str:
    """Return the default of a parameter of main.bicep."""
    for node in nodes(tree(INFRA / "main.bicep"), "parameter_declaration"):
        if any(child.text == name.encode() for child in node.children):
            return str(value(node.named_children[-1]))
    raise AssertionError(name)
