"""The commands in the README, run as a user runs them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from acsevents.samples import sample_files

ROOT = Path(__file__).parents[2]
SECONDS = 60


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m acsevents` with a terminal's width."""
    return subprocess.run(
        [sys.executable, "-m", "acsevents", *arguments],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "110", **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def test_the_demo_stores_every_sample_and_tells_its_stories() -> None:
    """It succeeds and shows the stored rows, one SMS, one thread, and one dead letter with its reason."""
    demo = run("demo")

    assert 0 == demo.returncode, demo.stderr
    assert f"published {len(sample_files())} sample events" in demo.stdout
    for shown in ("Delivered: No error.", "Is table 7 free at half past eight? (edited)", "(deleted at", "missing_key"):
        assert shown in demo.stdout
    assert "" == demo.stderr


def test_the_readme_shows_what_the_demo_prints() -> None:
    """Line by line; `COLUMNS=110 make demo` prints it anew."""
    printed = [line.rstrip() for line in run("demo", COLUMNS="110").stdout.strip().splitlines()]
    _before, _, after = (ROOT / "README.md").read_text(encoding="utf-8").partition("$ make demo\n")

    assert printed == after.partition("```")[0].strip().splitlines()


def test_a_question_without_a_setting_names_the_setting() -> None:
    """In one line, without a traceback."""
    asked = run("sms", "+15555550100", "some-message")

    assert 2 == asked.returncode
    assert "EventTables" in asked.stderr
    assert "Traceback" not in asked.stderr


@pytest.mark.parametrize("text", ["{", "[1, 2"])
def test_sending_a_file_that_is_no_json_names_the_file(tmp_path: Path, text: str) -> None:
    """The error has the file, the problem and its position."""
    broken = tmp_path / "broken.json"
    broken.write_text(text)
    published = run("send", str(broken))

    assert 2 == published.returncode
    assert "broken.json" in published.stderr
