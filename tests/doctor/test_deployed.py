"""What is deployed: read through a Resource Manager that answers over HTTP, and compared with what is declared."""

from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from acsevents.doctor.finding import Status
from acsevents.subscriptions import load
from tests.doctor.arm import (
    APP,
    ROLES_OF_THE_APP,
    ROLES_OF_THE_TOPIC,
    SETTINGS,
    TOPIC,
    Arm,
    role,
)
from tests.doctor.examining import SUBSCRIPTIONS, examine, of_bad


async def test_what_azd_deploys_is_in_order() -> None:
    """Every part is looked at, lists of several pages too, and names in other capitals are the same."""
    findings = await examine(Arm())

    assert of_bad(findings) == []
    assert [finding.check for finding in findings] == [
        *("function app", "HTTP concurrency", "functions", "app settings", "role of the app", "system topic"),
        *(f"subscription {one.name}" for one in load()),
        "role of the topic",
    ]


def _set(*path: Any, to: Any) -> Callable[[Arm], None]:
    """Make a change to what is deployed."""

    def change(arm: Arm) -> None:
        place: Any = arm.resources
        for name in path[:-1]:
            place = place[name]
        place[path[-1]] = to

    return change


def _of_first(*path: Any, to: Any) -> Callable[[Arm], None]:
    return _set(SUBSCRIPTIONS, 0, "properties", *path, to=to)


FIRST = "subscription sms-events"
RECEIVED, REPORT = "Microsoft.Communication.SMSReceived", "Microsoft.Communication.SMSDeliveryReportReceived"


@pytest.mark.parametrize(
    ("change", "check", "what"),
    [
        (_set(APP, "properties", "state", to="Stopped"), "function app", "func-x is Stopped"),
        (_set(APP, to=404), "function app", "does not exist"),
        (_set(APP, to=403), "function app", "cannot be read: access denied (Status403)"),
        (_set(APP, to=500), "function app", "cannot be read (Status500)"),
        (
            _set(APP, to=web.Response(text="<html>")),
            "function app",
            "cannot be read (an answer that is not JSON (200))",
        ),
        (_set(f"{APP}/functions", to=[]), "functions", "missing: chat_thread_events, chat_user_events, sms_events"),
        (_set(f"{APP}/functions", 0, "properties", "isDisabled", to=True), "functions", "disabled: sms_events"),
        (_set(SETTINGS, to=500), "function app", "cannot be read (Status500)"),
        (_set(SETTINGS, to={}), "app settings", "no table storage is set"),
        (
            _set(SETTINGS, "properties", "EventTables__tableServiceUrl", to="https://x"),
            "app settings",
            "EventTables__tableServiceUrl is no setting of this app",
        ),
        (
            _set(SETTINGS, "properties", "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY", to="true"),
            "app settings",
            "PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY logs URLs of rows",
        ),
        (
            _set(SETTINGS, "properties", "EventTables__clientId", to="another-client"),
            "role of the app",
            "the app has no identity with the client id in its settings",
        ),
        (
            _set(ROLES_OF_THE_APP, to=[]),
            "role of the app",
            "has no role on stdata: Storage Table Data Contributor is missing",
        ),
        (
            _set(ROLES_OF_THE_TOPIC, to=[]),
            "role of the topic",
            "has no role on event-grid-dead-letters: Storage Blob Data Contributor is missing",
        ),
        (
            _set(TOPIC, "identity", to={"type": "None"}),
            "system topic",
            "acs-events has no system-assigned identity",
        ),
        (
            _set(TOPIC, "identity", to={"type": "UserAssigned", "userAssignedIdentities": {}}),
            "system topic",
            "acs-events has no system-assigned identity",
        ),
        (_set(TOPIC, to=404), "system topic", "does not exist"),
        (_of_first("provisioningState", to="AwaitingManualAction"), FIRST, "is not ready: AwaitingManualAction"),
        (
            _of_first("destination", "properties", "resourceId", to=f"{APP}/functions/chat_user_events"),
            FIRST,
            "does not deliver to sms_events of this app",
        ),
        (_of_first("filter", "includedEventTypes", to=[RECEIVED]), FIRST, f"does not take {REPORT}"),
        (
            _of_first("filter", "includedEventTypes", to=[RECEIVED, REPORT, "Contoso.New"]),
            FIRST,
            "also takes contoso.new",
        ),
        (_of_first("filter", "includedEventTypes", to=["All"]), FIRST, "takes all event types"),
        (_of_first("filter", "subjectBeginsWith", to="/phonenumber/1"), FIRST, "filters by other subjects"),
        (
            _of_first("filter", "advancedFilters", to=[{"operatorType": "IsNotNull", "key": "data.tag"}]),
            FIRST,
            "has other advanced filters",
        ),
        (_of_first("eventDeliverySchema", to="CloudEventSchemaV1_0"), FIRST, "does not deliver in the schema"),
        (_of_first("retryPolicy", "maxDeliveryAttempts", to=1), FIRST, "tries 1 times in 1440 minutes, not 30 in 1440"),
        (_of_first("deadLetterWithResourceIdentity", to=None), FIRST, "has no dead-letter container"),
        (
            _of_first(
                "deadLetterWithResourceIdentity",
                "deadLetterDestination",
                "properties",
                "blobContainerName",
                to="elsewhere",
            ),
            FIRST,
            "writes dead letters to elsewhere, not to event-grid-dead-letters",
        ),
        (
            _of_first(
                "deadLetterWithResourceIdentity", "deadLetterDestination", "properties", "resourceId", to="/…/other"
            ),
            FIRST,
            "writes dead letters to other, not the account with the data",
        ),
        (
            _set(SUBSCRIPTIONS, 3, "properties", "filter", "includedEventTypes", to=[RECEIVED]),
            "subscription new-types",
            "takes only listed event types",
        ),
    ],
)
async def test_what_is_wrong_is_found(change: Callable[[Arm], None], check: str, what: str) -> None:
    """That alone, with its cure."""
    arm = Arm()
    change(arm)
    ((found, status, told),) = of_bad(await examine(arm))

    assert (found, status) == (check, Status.WRONG)
    assert told.startswith(what)


async def test_a_missing_subscription_is_found() -> None:
    """Its events are dropped without a word."""
    arm = Arm()
    del arm.resources[SUBSCRIPTIONS][1]

    assert of_bad(await examine(arm)) == [
        ("subscription chat-user-events", Status.WRONG, "is missing: its events are dropped")
    ]


async def test_another_subscription_to_the_app_is_told() -> None:
    """It may be meant so; one that delivers to somebody else is nobody's business."""
    arm = Arm()
    ours, others = arm.resources[SUBSCRIPTIONS][0], {"name": "others", "properties": {}}
    arm.resources[SUBSCRIPTIONS] += [{**ours, "name": "by-hand"}, others]
    ((check, status, _),) = of_bad(await examine(arm))

    assert (check, status) == ("subscription by-hand", Status.WARNING)


@pytest.mark.parametrize(
    ("config", "what"),
    [
        ({"scaleAndConcurrency": {"triggers": None}}, "one request per instance, the default for Python"),
        ({"scaleAndConcurrency": {"triggers": {"http": {"perInstanceConcurrency": 4}}}}, "4 requests per instance"),
        (None, "the app is not on Flex Consumption"),
    ],
)
async def test_little_concurrency_is_told(config: Any, what: str) -> None:
    """It works, and wastes what group commit is there for."""
    arm = Arm()
    arm.resources[APP]["properties"]["functionAppConfig"] = config
    if isinstance(config, dict):
        config["scaleAndConcurrency"]["instanceMemoryMB"] = 2048
    ((check, status, told),) = of_bad(await examine(arm))

    assert (check, status) == ("HTTP concurrency", Status.WARNING)
    assert told.startswith(what)


@pytest.mark.parametrize(
    ("change", "status", "what"),
    [
        (_set(SETTINGS, to=403), Status.SKIPPED, "cannot be read: access denied (Status403)"),
        (
            _set(SETTINGS, "properties", "AzureWebJobsStorage", to="AccountName=x;AccountKey=eA=="),
            Status.WARNING,
            "AzureWebJobsStorage contains a key",
        ),
        (
            _set(SETTINGS, "properties", to={"EventTables": "@Microsoft.KeyVault(SecretUri=https://v/secrets/t)"}),
            Status.SKIPPED,
            "refer to a key vault, which only the app can read",
        ),
    ],
)
async def test_settings_that_may_be_meant_so_are_told(change: Callable[[Arm], None], status: Status, what: str) -> None:
    """Whoever may not read them is no failure of the sink; the key itself is told to nobody."""
    arm = Arm()
    change(arm)

    assert of_bad(await examine(arm)) == [("app settings", status, what)]


async def test_another_role_may_do_as_well() -> None:
    """A role of one's own may hold what is needed."""
    arm = Arm()
    arm.resources[ROLES_OF_THE_APP] = [role("app-principal", "Reader")]
    ((check, status, what),) = of_bad(await examine(arm))

    assert (check, status) == ("role of the app", Status.WARNING)
    assert what == "has roles on stdata, but not Storage Table Data Contributor"


async def test_a_role_of_somebody_else_does_not_count() -> None:
    """Each is asked for by the object id of the identity that needs it."""
    arm = Arm()
    arm.resources[ROLES_OF_THE_APP] = [role("topic-principal", "Storage Table Data Contributor")]

    assert [check for check, _, _ in of_bad(await examine(arm))] == ["role of the app"]


async def test_the_identity_of_the_app_itself_has_its_role_too() -> None:
    """Without a client id the system-assigned one is used; an app by key needs none."""
    arm = Arm()
    del arm.resources[SETTINGS]["properties"]["EventTables__clientId"]
    arm.resources[APP]["identity"] = {"type": "SystemAssigned", "principalId": "app-principal"}
    assert of_bad(await examine(arm)) == []

    arm.resources[SETTINGS]["properties"] = {
        "EventTables": "AccountName=stdata;AccountKey=a2V5;EndpointSuffix=core.windows.net"
    }
    assert [what for _, _, what in of_bad(await examine(arm))] == ["EventTables contains a key"]


async def test_dead_letters_by_account_key_count_too() -> None:
    """Older deployments have no identity in between."""
    arm = Arm()
    properties = arm.resources[SUBSCRIPTIONS][0]["properties"]
    properties["deadLetterDestination"] = properties.pop("deadLetterWithResourceIdentity")["deadLetterDestination"]

    assert of_bad(await examine(arm)) == []
