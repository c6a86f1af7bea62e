"""The commands that the README shows, run as a user runs them."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from acsevents.local.ports import free_port
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
    """It ends well and shows what is stored, one SMS, one thread and one dead letter with its reason."""
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


async def test_up_serves_until_it_is_interrupted_and_answers_questions(tmp_path: Path) -> None:
    """Publish to it, ask for the transcript, press Ctrl-C: everything ends in order."""
    host_port, topic_port = free_port(), free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "acsevents", "up", "--host-port", str(host_port), "--topic-port", str(topic_port)),
        *("--folder", str(tmp_path)),
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "500"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(SECONDS):
            printed = ""
            while "Ctrl-C" not in printed:
                line = (await process.stdout.readline()).decode()
                assert line, printed
                printed += line
        (connection_string,) = [line for line in printed.splitlines() if line.startswith("DefaultEndpointsProtocol")]
        sample = ROOT / "samples" / "2021" / "ChatMessageReceivedInThread.json"
        published = await asyncio.to_thread(
            run, "publish", str(sample), "--endpoint", f"http://127.0.0.1:{topic_port}/api/events"
        )
        thread = "19:5b3809e80e4a439d92c3316e273f4a2b@thread.v2"
        for _ in range(50):
            told = await asyncio.to_thread(run, "thread", thread, EventTables=connection_string)
            if told.returncode == 0:
                break
    finally:
        process.send_signal(signal.SIGINT)
        async with asyncio.timeout(SECONDS):
            await process.communicate()

    assert 0 == published.returncode, published.stderr
    assert "Talk about new Thread Events in communication services" in told.stdout
    assert 0 == process.returncode


@pytest.mark.parametrize("text", ["{", "[1, 2"])
def test_publishing_a_file_that_is_no_json_names_the_file(tmp_path: Path, text: str) -> None:
    """The file, the problem and its place."""
    broken = tmp_path / "broken.json"
    broken.write_text(text)
    published = run("publish", str(broken))

    assert 2 == published.returncode
    assert "broken.json" in published.stderr
