"""`acsevents doctor`, as a user runs it."""

import json
from pathlib import Path

from acsevents.local.azurite import Azurite
from tests.cli.running import in_a_pipe, on_a_terminal


def test_a_sink_that_works_is_told_so(azurite: Azurite) -> None:
    """One object per finding, exit code 0; warnings do not count."""
    ran = in_a_pipe("doctor", EventTables=azurite.connection_string)
    findings = [json.loads(line) for line in ran.out.splitlines()]

    assert (ran.code, ran.err) == (0, "")
    assert {"package orjson", "infra/subscriptions.json", "probe row", "clock", "deployment"} <= {
        finding["check"] for finding in findings
    }
    assert {finding["status"] for finding in findings} <= {"ok", "warning", "skipped"}
    assert all("cure" in finding for finding in findings if finding["status"] != "ok")


def test_what_is_wrong_fails_and_names_the_cure(azurite: Azurite) -> None:
    """In a table on a terminal, with exit code 1."""
    wrong = azurite.connection_string.replace("AccountKey=", "AccountKey=AAAA")
    ran = on_a_terminal("doctor", columns=400, EventTables=wrong)

    assert ran.code == 1
    assert ran.err == "acsevents: wrong: tables\n"
    assert "copy the connection string into EventTables again" in " ".join(ran.out.split())


def test_without_settings_it_says_what_to_set(tmp_path: Path) -> None:
    """And continues with the other checks."""
    ran = in_a_pipe("doctor", AZURE_ENV_NAME=str(tmp_path))
    findings = {finding["check"]: finding for finding in map(json.loads, ran.out.splitlines())}

    assert ran.code == 1
    assert findings["setting"]["cure"].startswith("set EventTables to a connection string")
    assert findings["deployment"]["status"] == "skipped"
