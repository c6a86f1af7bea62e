"""The `acsevents up` of a folder: only one runs at a time, and other commands can find it."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from acsevents.local import LocalStackError

FOLDER = Path(".local")
_FILE = "up.json"
_ATTEMPTS = 10  # `find` in another process holds the lock for an instant


class Running(msgspec.Struct, frozen=True):
    """The `acsevents up` that runs in a folder.

    Attributes:
        pid: id of its process.
        topic: URL to publish to; empty while it starts.
        tables: connection string of the tables; empty while it starts.
        host: URL of the Functions host; empty while it starts.
    """

    pid: int
    topic: str = ""
    tables: str = ""
    host: str = ""


@contextmanager
def owned(folder: Path) -> Iterator[Callable[[Running], None]]:
    """Lock a folder during the block; yield a function that announces what runs there.

    Raises:
        LocalStackError: another process has locked the folder, or the folder is not writable.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = (folder / _FILE).open("a+b")
    except OSError as error:
        raise LocalStackError(f"{folder} cannot be used ({error.strerror}): choose another with --folder") from None
    with file:
        if not _locks(file.fileno(), fcntl.LOCK_EX, _ATTEMPTS):
            owner = _read(folder)
            raise LocalStackError(
                f"`acsevents up` already runs in {folder}{f', process {owner.pid}' if owner else ''}: "
                "use that one, stop it, or choose another folder with --folder"
            )

        def announce(running: Running) -> None:
            file.truncate(0)
            file.write(msgspec.json.encode(running))
            file.flush()

        announce(Running(os.getpid()))
        try:
            yield announce
        finally:
            file.truncate(0)


def find(folder: Path = FOLDER) -> Running | None:
    """Return what runs in a folder, or None if nothing does or it is still starting."""
    try:
        with (folder / _FILE).open("rb") as file:
            if _locks(file.fileno(), fcntl.LOCK_SH, attempts=1):
                return None  # no process holds the lock; the file was left by one that was killed
    except OSError:
        return None
    running = _read(folder)
    return running if running and running.topic else None


def _locks(file: int, kind: int, attempts: int) -> bool:
    for attempt in range(attempts):
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.02 if attempt + 1 < attempts else 0)
        else:
            return True
    return False


def _read(folder: Path) -> Running | None:
    try:
        return msgspec.json.decode((folder / _FILE).read_bytes(), type=Running)
    except (OSError, msgspec.DecodeError):  # it is being written
        return None
