"""Find the Azure resources of this sink, which azd's environment names."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

_APP: Final = "FUNCTION_APP_ID"
_TOPIC: Final = ("TOPIC_SUBSCRIPTION_ID", "TOPIC_RESOURCE_GROUP", "TOPIC_NAME")
_DATA: Final = "DEAD_LETTER_STORAGE_ID"
NAMES: Final = (_APP, *_TOPIC, _DATA)
HOW: Final = f"run `azd provision`, or set {', '.join(NAMES)}"


class Deployment(msgspec.Struct, frozen=True):
    """The resource ids of a function app, of the system topic that delivers to it, and of the account with the data."""

    function_app: str
    topic: str
    data_storage: str


def find_deployment(environment: Mapping[str, str], folder: Path) -> Deployment | None:
    """Return the deployment that the environment names, else azd's default environment in a folder, else None."""
    for values in (environment, _of_azd(folder)):
        if all(values.get(name) for name in NAMES):
            subscription, group, name = (values[part] for part in _TOPIC)
            return Deployment(
                function_app=values[_APP],
                topic=f"/subscriptions/{subscription}/resourceGroups/{group}"
                f"/providers/Microsoft.EventGrid/systemTopics/{name}",
                data_storage=values[_DATA],
            )
    return None


def _of_azd(folder: Path) -> dict[str, str]:
    """Read azd's files instead of running azd, which may be missing and takes seconds to start."""
    try:
        config = msgspec.json.decode((folder / ".azure" / "config.json").read_bytes(), type=dict[str, object])
        name = os.environ.get("AZURE_ENV_NAME") or str(config.get("defaultEnvironment", ""))
        lines = (folder / ".azure" / name / ".env").read_text(encoding="utf-8").splitlines()
    except (OSError, msgspec.DecodeError):
        return {}
    pairs = (line.partition("=") for line in lines)
    return {name.strip(): value.strip().strip('"') for name, equals, value in pairs if equals}
