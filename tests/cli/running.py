"""Run `acsevents` as a user does: in a pipe, or on a terminal of some width."""

import contextlib
import fcntl
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "acsevents")
SECONDS = 60


class Ran(NamedTuple):
    """The exit code and output of a command."""

    code: int
    out: str
    err: str


def in_a_pipe(*arguments: str, **environment: str) -> Ran:
    """Run a command with its output in a pipe."""
    ran = subprocess.run(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def on_a_terminal(*arguments: str, columns: int = 100, typed: str = "", **environment: str) -> Ran:
    """Run a command on a pseudo-terminal, with stderr captured separately."""
    ours, theirs = pty.openpty()
    os.write(ours, typed.encode())
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    without_size = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env={**without_size, "TERM": "xterm-256color", **environment},
        stdin=theirs,
        stdout=theirs,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError), os.fdopen(ours, "rb", buffering=0) as terminal:  # EIO: the other end is closed
        while piece := terminal.read(65_536):
            shown += piece
    _, err = process.communicate(timeout=SECONDS)
    return Ran(process.returncode, shown.decode(errors="replace").replace("\r\n", "\n"), err)
