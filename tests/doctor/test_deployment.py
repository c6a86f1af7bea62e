"""Which deployment is examined: the one that the environment names, or azd."""

from pathlib import Path

import pytest

from acsevents.doctor.deployment import Deployment, find_deployment
from tests.doctor.arm import (
    APP,
    DATA,
    DEPLOYMENT,
    TOPIC,
)

VALUES = {
    "FUNCTION_APP_ID": APP,
    "TOPIC_SUBSCRIPTION_ID": "s",
    "TOPIC_RESOURCE_GROUP": "rg-acs",
    "TOPIC_NAME": "acs-events",
    "DEAD_LETTER_STORAGE_ID": DATA,
}


def test_the_environment_names_the_deployment(tmp_path: Path) -> None:
    """As `azd env get-values` prints it."""
    assert find_deployment(VALUES, tmp_path) == DEPLOYMENT
    assert find_deployment({**VALUES, "TOPIC_NAME": ""}, tmp_path) is None


def test_azd_names_the_deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its default environment, or the one that is chosen."""
    for name, topic in (("prod", "acs-events"), ("test", "another")):
        folder = tmp_path / ".azure" / name
        folder.mkdir(parents=True)
        values = {**VALUES, "TOPIC_NAME": topic}
        (folder / ".env").write_text("".join(f'{key}="{value}"\n' for key, value in values.items()))
    (tmp_path / ".azure" / "config.json").write_text('{"version": 1, "defaultEnvironment": "prod"}')
    monkeypatch.delenv("AZURE_ENV_NAME", raising=False)

    assert find_deployment({}, tmp_path) == DEPLOYMENT
    monkeypatch.setenv("AZURE_ENV_NAME", "test")
    assert find_deployment({}, tmp_path) == Deployment(APP, TOPIC.replace("acs-events", "another"), DATA)


@pytest.mark.parametrize("config", [None, "", "[]", '{"defaultEnvironment": "gone"}'])
def test_without_azd_there_is_no_deployment(config: str | None, tmp_path: Path) -> None:
    """And nothing goes wrong."""
    (tmp_path / ".azure").mkdir()
    if config is not None:
        (tmp_path / ".azure" / "config.json").write_text(config)

    assert find_deployment({}, tmp_path) is None
