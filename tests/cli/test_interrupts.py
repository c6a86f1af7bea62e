"""Ctrl-C ends a command without a traceback, at whatever moment it is pressed."""

import asyncio
import os
import pty
import signal
import subprocess
from collections.abc import Iterator

import pytest

from acsevents.loop import run
from tests.cli.running import COMMAND, ROOT

NOWHERE = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
HALF_MADE = """
import asyncio, os, signal, sys
from acsevents import cli
made = asyncio.new_event_loop
def half_made():
    os.kill(os.getpid(), signal.SIGINT)
    return made()
asyncio.events.new_event_loop = asyncio.new_event_loop = half_made
sys.argv = ["acsevents", *sys.argv[1:]]
cli.main()
"""


@pytest.mark.parametrize("command", [["events"], ["rebuild"], ["doctor"], ["send", "SMSReceived"]])
def test_while_the_event_loop_is_made(command: list[str]) -> None:
    """It waits until there is something to end; nothing half made is complained about."""
    ran = subprocess.run(
        [COMMAND[0], "-c", HALF_MADE, *command],
        cwd=ROOT,
        env={**os.environ, "EventTables": NOWHERE},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (130, "") == (ran.returncode, ran.stderr)


def test_while_standard_input_is_waited_for() -> None:
    """As somebody does who forgot the name of the file."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "replay", "-"],
        cwd=ROOT,
        env={**os.environ, "EventTables": NOWHERE},
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    os.write(ours, b"null\n")
    assert process.stderr is not None
    told = process.stderr.readline()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    os.close(ours)

    assert "standard input, event 1: not_an_event" in told
    assert (130, "", "") == (process.returncode, out, err)


@pytest.fixture(name="listening")
def _listening() -> Iterator[None]:
    """Hear Ctrl-C, as a command does; whoever runs the tests in the background has it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("listening")
def test_the_work_is_ended_and_may_clean_up() -> None:
    """What it has to close, it closes."""
    closed = []

    async def work() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            closed.append(1)

    with pytest.raises(KeyboardInterrupt):
        run(work)
    assert closed == [1]
    assert run(lambda: asyncio.sleep(0, "an answer")) == "an answer"
