"""A store that keeps rows in memory, or fails on demand."""

import json
from collections.abc import Sequence
from typing import Any

from shared.storage.odata import Row
from tests.storage.room import UnlimitedRoom


class Store(UnlimitedRoom):
    """Keeps what it is given, or raises what it is told to."""

    def __init__(self, *errors: Exception | None) -> None:
        self.written: list[Sequence[Row]] = []
        self._errors = list(errors)

    def keep(self, rows: Sequence[Row]) -> None:
        """Write rows."""
        error = self._errors.pop(0) if self._errors else None
        if error is not None:
            raise error
        self.written.append(rows)

    @property
    def tables(self) -> list[str]:
        """The tables written to, in order."""
        return [row.table for rows in self.written for row in rows]

    def dead_letter(self) -> dict[str, Any]:
        """The only row that was written, which is a dead letter."""
        ((row,),) = self.written
        assert row.table == "DeadLetters"
        content = json.loads(row.body)
        assert isinstance(content, dict)
        return content
