"""A `Writer` without tables: it stores rows in a dict, enforces the service's rules, and fails on demand."""

import asyncio
from collections.abc import Callable, Sequence

from shared.storage import odata
from shared.storage.lane import MOST_ROWS
from shared.storage.odata import Row
from tests.storage.rows import encode

TRANSACTION_BYTES = 4 * 1024 * 1024
Key = tuple[str, str, str]
Verdict = Callable[[Sequence[Row]], BaseException | None]


def row(partition: str, row_key: str, size: int = 0, table: str = "T") -> Row:
    """Return a row whose body depends only on its keys, like the rows of events."""
    return encode(table, {"PartitionKey": partition, "RowKey": row_key, "Body": row_key + "x" * size})


def key(of: Row) -> Key:
    """Return the key of the row that is replaced."""
    return of.table, of.partition, of.row_key


class Call:
    """One write that waits for its outcome."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self.outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class FakeWriter:
    """Writes at once, or while `holding` when the test says so.

    Attributes:
        stored: what is durable, by key.
        calls: the rows of every call, in order.
        held: calls under way whose outcome the test decides with `finish`.
        verdict: tells the error of a call, None for success; rows of a failed call are not stored.
    """

    def __init__(self, verdict: Verdict | None = None, *, holding: bool = False) -> None:
        self.stored: dict[Key, bytes] = {}
        self.calls: list[Sequence[Row]] = []
        self.held: list[Call] = []
        self.verdict: Verdict = verdict or (lambda _rows: None)
        self.holding = holding
        self._busy: set[Key] = set()

    async def upsert(self, row: Row) -> None:
        """Write one row."""
        await self._write([row])

    async def upsert_together(self, rows: Sequence[Row]) -> None:
        """Write rows, refusing what the service would not take as one transaction."""
        assert 2 <= len(rows) <= MOST_ROWS
        assert len({(row.table, row.partition) for row in rows}) == 1
        assert len({row.row_key for row in rows}) == len(rows)
        assert len(odata.transaction(rows, "https://contoso.table.core.windows.net")) <= TRANSACTION_BYTES
        await self._write(rows)

    async def _write(self, rows: Sequence[Row]) -> None:
        self.calls.append(rows)
        keys = {key(row) for row in rows}
        assert not keys & self._busy, "a row is being written twice at the same time: which write would win?"
        self._busy |= keys
        try:
            if self.holding:
                call = Call(rows)
                self.held.append(call)
                await call.outcome
            error = self.verdict(rows)
            if error is not None:
                raise error
            self.stored |= {key(row): row.body for row in rows}
        finally:
            self._busy -= keys

    def finish(self, error: BaseException | None = None, *, number: int = 0) -> None:
        """Let a held call end: written unless it gets an error or the verdict is one."""
        outcome = self.held.pop(number).outcome
        if outcome.done():  # its task was cancelled
            return
        if error is None:
            outcome.set_result(None)
        else:
            outcome.set_exception(error)

    def release(self) -> None:
        """Hold nothing any more."""
        self.holding = False
        while self.held:
            self.finish()
