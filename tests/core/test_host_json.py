"""What the Functions host keeps of telemetry: results and the app's own messages, not two lines for every event.

https://learn.microsoft.com/azure/azure-functions/configure-monitoring
"""

import json
from pathlib import Path
from typing import Any

import pytest

from shared.catalogue import FAMILIES

FUNCTIONS = [family.function for family in FAMILIES]


@pytest.fixture(name="logging")
def _logging() -> dict[str, Any]:
    """Return the logging section of host.json."""
    host: dict[str, Any] = json.loads((Path(__file__).parents[2] / "host.json").read_text("utf-8"))
    return dict(host["logging"])


def _level(logging: dict[str, Any], category: str) -> str:
    """Return the minimum level that the host keeps of a category: that of the longest prefix of its name."""
    levels = logging["logLevel"]
    names = [name for name in levels if category == name or category.startswith(f"{name}.")]
    return str(levels[max(names, key=len, default="default")])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_apps_own_messages_are_kept(logging: dict[str, Any], function: str) -> None:
    """The host logs the messages of a Python function in this category."""
    assert _level(logging, f"Function.{function}.User") == "Information"


@pytest.mark.parametrize("category", ["Host.Results", "Host.Aggregator"])
def test_the_hosts_results_are_kept(logging: dict[str, Any], category: str) -> None:
    """The host logs requests and their metrics at Information; a higher level would drop them."""
    assert _level(logging, category) == "Information"


@pytest.mark.parametrize(
    "category", [*(f"Function.{function}" for function in FUNCTIONS), "Worker.LanguageWorkerChannel", "Host.General"]
)
def test_what_is_said_of_every_event_is_dropped(logging: dict[str, Any], category: str) -> None:
    """The host's two messages about every event add nothing to its request and are dropped; failures are kept."""
    assert _level(logging, category) == "Warning"


def test_no_function_is_named_that_is_none(logging: dict[str, Any]) -> None:
    """Every category of a function in host.json belongs to an existing function."""
    named = {name.split(".")[1] for name in logging["logLevel"] if name.startswith("Function.")}

    assert named == set(FUNCTIONS)


def test_requests_and_exceptions_are_not_sampled(logging: dict[str, Any]) -> None:
    """The count of failed invocations is exact, which the alerts need."""
    excluded = logging["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";")

    assert {"Request", "Exception"} <= set(excluded)
