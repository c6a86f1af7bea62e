"""`local.settings.json` supplies the settings that the environment lacks, for commands and the local host."""

import os
from pathlib import Path

import pytest

from acsevents.settings import load_settings
from shared.errors import SettingsError


def test_local_settings_fill_in_what_the_environment_leaves_empty(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A variable that is set and not empty takes precedence over local.settings.json."""
    monkeypatch.setattr(os, "environ", {"SET": "environment", "EMPTY": ""})
    values = '{"SET": "file", "EMPTY": "file", "ABSENT": "file"}'
    (tmp_path / "local.settings.json").write_text('{"IsEncrypted": false, "Values": ' + values + "}")

    load_settings(tmp_path)

    assert os.environ == {"SET": "environment", "EMPTY": "file", "ABSENT": "file"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "is not JSON"),
        ("[]", "object `Values`"),
        ('{"Values": {"A": 1}}', "all strings"),
        ('{"IsEncrypted": true, "Values": {}}', "func settings decrypt"),
    ],
)
def test_unusable_local_settings_are_named_with_their_cure(text: str, complaint: str, tmp_path: Path) -> None:
    """A settings file that `func` would not read stops a command before it starts."""
    (tmp_path / "local.settings.json").write_text(text)

    with pytest.raises(SettingsError, match=complaint):
        load_settings(tmp_path)
