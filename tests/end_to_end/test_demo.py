"""The commands in the README, run as a user runs them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from acsevents.samples import sample_files
from tests.picture import PICTURE

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


def test_the_picture_in_the_readme_is_what_the_demo_prints(tmp_path: Path) -> None:
    """To the letter; and it asks the web for nothing."""
    made = tmp_path / "demo.svg"
    subprocess.run([sys.executable, "-m", "tests.picture", made], cwd=ROOT, timeout=SECONDS, check=True)

    assert f"({PICTURE.relative_to(ROOT)})" in (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert made.read_text(encoding="utf-8") == PICTURE.read_text(encoding="utf-8"), "run `make picture`"
    assert ["http://www.w3.org/2000/svg"] == re.findall(r"https?://[^\"')]+", made.read_text(encoding="utf-8"))


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
