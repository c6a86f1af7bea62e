"""What is deployed and what the code says are the same: tables, functions, event types, settings, messages."""

import json
import logging
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import pytest
from azure.eventgrid import SystemEventNames

import function_app
from acsevents.deployment import FILTERS, filters
from acsevents.doctor.deployment import NAMES
from shared import sink
from shared.catalogue import EVENT_TYPES, FAMILIES, TABLES
from shared.storage.account import Identity
from shared.storage.odata import Row
from shared.storage.settings import CONNECTIONS, read_settings
from tests.infra.bicep import INFRA, declarations, variable
from tests.storage.room import UnlimitedRoom

ROOT: Final = INFRA.parent
MODULES: Final = INFRA / "modules"
DECLARED: Final[list[dict[str, Any]]] = json.loads(FILTERS.read_text())


def test_the_filters_are_those_of_the_declaration() -> None:
    """Whatever the catalogue or the declaration says is deployed."""
    assert filters() == FILTERS.read_text(), "run `make goldens`"


def test_every_event_type_is_delivered_to_the_function_of_its_family() -> None:
    """Each type to one, and by the name that the vendor gave it."""
    delivered = [(one["function"], name) for one in DECLARED for name in one["filter"].get("includedEventTypes", [])]

    assert sorted((row.family.function, name) for name, row in EVENT_TYPES.items()) == sorted(delivered)
    assert {name for _function, name in delivered} <= {name.value for name in SystemEventNames}


def test_types_that_nobody_knows_yet_are_delivered_last_and_nothing_twice() -> None:
    """One subscription takes what begins like our types and is none of them; made last, nothing falls between."""
    new = [one for one in DECLARED if "includedEventTypes" not in one["filter"]]

    assert new
    assert new == DECLARED[-len(new) :]
    for one in new:
        begins, excluded = one["filter"]["advancedFilters"]
        assert ("StringBeginsWith", "StringNotIn") == (begins["operatorType"], excluded["operatorType"])
        ours = {name for name in EVENT_TYPES if name.startswith(tuple(begins["values"]))}
        assert ours == set(excluded["values"])
        assert len(begins["values"]) + len(excluded["values"]) <= 25
    assert set(EVENT_TYPES) == {name for one in new for name in one["filter"]["advancedFilters"][1]["values"]}


def test_every_subscription_delivers_to_a_function_of_the_app() -> None:
    """Event Grid refuses one to a function that is not there."""
    functions = {function.get_function_name() for function in function_app.app.get_functions()}

    assert functions == {one["function"] for one in DECLARED}
    assert functions == {family.function for family in FAMILIES}


def test_the_tables_are_those_of_the_catalogue() -> None:
    """Made before the first event, so that the first questions find them."""
    assert set(TABLES) == set(variable(MODULES / "data-storage.bicep", "tableNames"))


def test_the_app_understands_its_settings() -> None:
    """By managed identity, at the data account, and with no key."""
    (site,) = (one for one in declarations(MODULES / "function-app.bicep", "resource") if one.name == "site")
    settings = {one["name"]: one["value"] for one in site.body["properties"]["siteConfig"]["appSettings"]}
    made = {
        name: "https://host.example" if name.endswith("ServiceUri") else str(value) for name, value in settings.items()
    }
    made["EventTables__tableServiceUri"] = "https://data.table.core.windows.net/"

    account = read_settings(made)

    assert account.endpoint == "https://data.table.core.windows.net"
    assert account.credential == Identity(settings["EventTables__clientId"], is_managed=True)
    assert settings["EventTables__tableServiceUri"] == "tableEndpoint"
    assert [] == [name for name in settings if name in CONNECTIONS]
    assert [] == [name for name in settings if re.match("FUNCTIONS_|WEBSITE_|SCM_|ENABLE_ORYX", name)]


def test_what_the_doctor_looks_at_is_put_out_by_provisioning() -> None:
    """So `acsevents doctor` finds the resources in the environment of azd."""
    assert set(NAMES) <= {one.name for one in declarations(INFRA / "main.bicep", "output")}


class _Taker(UnlimitedRoom):
    """A store that takes every row."""

    def keep(self, rows: Sequence[Row]) -> None:
        """Take them."""


async def test_the_alert_on_dead_letters_looks_for_what_the_app_logs(caplog: pytest.LogCaptureFixture) -> None:
    """The query of the alert, and of the workbook, finds the message that a dead letter leaves."""
    with caplog.at_level(logging.WARNING):
        await sink.Sink(_Taker()).receive("{}", function="sms_events")

    (message,) = (record.getMessage() for record in caplog.records if record.name == "acs_event_sink")
    for file in ("alerts.bicep", "workbook.bicep"):
        (begins,) = re.findall(r'Message startswith "([^"]+)"', (MODULES / file).read_text())
        assert message.startswith(begins)


def test_every_alert_is_explained() -> None:
    """docs/operations.md has a section for each: what it means and what to do."""
    operations = (ROOT / "docs" / "operations.md").read_text()
    path = MODULES / "alerts.bicep"
    alerts = [rule["name"] for name in ("metricRules", "logRules") for rule in variable(path, name)]

    assert len(alerts) == 7
    assert [] == [name for name in alerts if f"### `{name}`" not in operations]


def test_no_diagnostic_log_holds_the_keys_of_rows() -> None:
    """Logs of reads, writes and deletes of the table service hold URLs, and those hold phone numbers."""
    text = "".join(path.read_text() for path in Path(INFRA).rglob("*.bicep"))

    assert ["DeliveryFailures"] == re.findall(r"logs: \[\{ category: '(\w+)'", text)
    assert "Storage" + "Write" not in text
