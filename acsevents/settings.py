"""The app's settings on a developer's machine: `local.settings.json` of Azure Functions Core Tools."""

import json
import os
from pathlib import Path

from shared.errors import SettingsError


def load_settings(folder: Path) -> None:
    """Copy the `Values` of local.settings.json into the environment, except those that are set there already.

    A connection counts as set in either form, so that a file for Azurite does not contradict an identity.

    Raises:
        SettingsError: the file does not have the form that `func` writes.
    """
    path = folder / "local.settings.json"
    if not path.exists():
        return
    try:
        settings = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise SettingsError(f"local.settings.json is not JSON: {error}; comments are not JSON either") from error
    match settings:
        case {"IsEncrypted": True}:
            raise SettingsError("local.settings.json is encrypted: run `func settings decrypt`")
        case {"Values": dict(values)} if all(isinstance(value, str) for value in values.values()):
            named = {name.partition("__")[0] for name, value in os.environ.items() if value}
            os.environ.update({name: value for name, value in values.items() if name.partition("__")[0] not in named})
        case _:
            raise SettingsError("local.settings.json must hold an object `Values` whose values are all strings")
