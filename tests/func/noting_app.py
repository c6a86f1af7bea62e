"""The vector app for a host in another process: each event that a function is given leaves a line in the file `NOTES`.

Copied to function_app.py beside vectors.py, which is the vector app.
"""

import os
from pathlib import Path

import vectors  # type: ignore[import-not-found]  # stands beside this file where the host runs it
from vectors import app

__all__ = ["app"]


class _Notes(list[tuple[str, object]]):
    def append(self, given: tuple[str, object]) -> None:
        with Path(os.environ["NOTES"]).open("a") as notes:
            notes.write(f"{given[0]}\n")


vectors.RECEIVED = _Notes()
