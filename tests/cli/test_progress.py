"""Progress is shown for work of more than a second, on a terminal only, and removed at the end."""

import os
import pty
import subprocess
import sys

import pytest

from tests.cli.running import ROOT

CODE = """
import time
from acsevents.progress import progress
with progress("erasing", 40, shown={shown}) as step:
    for _ in range(40):
        time.sleep({seconds} / 40)
        step()
"""


def on_stderr(*, shown: bool, seconds: float, terminal: bool) -> str:
    """Run work of some seconds and return its output on stderr."""
    ours, theirs = pty.openpty() if terminal else os.pipe()
    command = [sys.executable, "-c", CODE.format(shown=shown, seconds=seconds)]
    subprocess.run(command, cwd=ROOT, stderr=theirs, env={**os.environ, "TERM": "xterm"}, check=True, timeout=60)
    os.set_blocking(ours, False)
    try:
        return os.read(ours, 65_536).decode()
    except BlockingIOError:
        return ""
    finally:
        os.close(theirs)
        os.close(ours)


def test_what_takes_long_shows_how_far_it_is() -> None:
    """The work and the number of steps; at the end the line is removed."""
    shown = on_stderr(shown=True, seconds=1.6, terminal=True)

    assert "erasing" in shown
    assert "/40" in shown
    assert shown.endswith(("\x1b[2K", "\x1b[2K\x1b[?25h", "\x1b[?25h\r\x1b[1A\x1b[2K")), shown[-60:]


@pytest.mark.parametrize(("shown", "seconds", "terminal"), [(True, 0.0, True), (True, 1.6, False), (False, 1.6, True)])
def test_nothing_is_shown_of_what_is_quick_or_not_on_a_terminal(
    shown: bool,  # noqa: FBT001  columns of the table above
    seconds: float,
    terminal: bool,  # noqa: FBT001  the same
) -> None:
    """Nor if it is switched off."""
    assert "" == on_stderr(shown=shown, seconds=seconds, terminal=terminal)
