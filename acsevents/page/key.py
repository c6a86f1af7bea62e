"""The secret in the page's address: created once per folder, so that an open page and its links survive a restart."""

import os
import re
import secrets
import tempfile
from pathlib import Path
from typing import Final

from acsevents.failures import Unusable

_FILE: Final = "page-key"
_BYTES: Final = 32
_KEY: Final = re.compile(r"[\w-]{43}", re.ASCII)
_FOR_OTHERS: Final = 0o077


def key_of(folder: Path) -> str:
    """Return the key of a folder; create one unless there is one that only its owner can read.

    Raises:
        Unusable: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return _kept(folder / _FILE) or _made(folder)
    except OSError as error:
        told = f"{folder} cannot keep the key of the page ({error.strerror})"
        raise Unusable(f"{told}: run the page in another folder") from None


def _kept(file: Path) -> str | None:
    try:
        with file.open(encoding="ascii", errors="replace") as opened:
            about = os.fstat(opened.fileno())
            key = opened.read(_BYTES * 2)
    except FileNotFoundError:
        return None
    private = about.st_uid == os.getuid() and not about.st_mode & _FOR_OTHERS
    return key if private and _KEY.fullmatch(key) else None


def _made(folder: Path) -> str:
    """Create a key; processes that do so at the same time all read the last one."""
    file = folder / _FILE
    with tempfile.NamedTemporaryFile("w", dir=folder, prefix=_FILE, delete=False) as made:  # only its owner can read it
        made.write(secrets.token_urlsafe(_BYTES))
    Path(made.name).replace(file)
    return file.read_text(encoding="ascii")
