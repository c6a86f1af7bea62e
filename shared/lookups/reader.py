"""Rows of the tables as they come: streamed, so that memory does not grow with the answer."""

import contextlib
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import EntityProperty, TableEntity

from shared.errors import ContentError
from shared.events.event import Event
from shared.lookups.filters import EVERYTHING, Filter
from shared.storage.account import Account
from shared.storage.connection import connect_to_read, disconnect
from shared.stored import event_of

Row = Mapping[str, Any]
Note = Callable[[str], None]

PAGE: Final = 1_000  # the service gives no more rows at once
_PLAIN: Final = frozenset({str, int, float, bool, bytes})
_EPOCH: Final = datetime(1, 1, 1, tzinfo=UTC)
_READ_SECONDS: Final = 30.0  # nobody redelivers a question: wait longer than a write may


class Reader:
    """Reads the tables of one storage account; use as an async context manager.

    Attributes:
        note: is told what the one who asks should know beside the answer; no personal data.
        unreadable: the tables of which some rows could not be read.
        count: is called for each row that was read.
        skew: by how much the clock of the service is ahead of this machine's, as far as answers told.
    """

    def __init__(self, account: Account, note: Note = lambda _: None) -> None:
        self._client = connect_to_read(account, retries=3, read_seconds=_READ_SECONDS)
        self.note = note
        self.count: Callable[[], None] = lambda: None
        self.unreadable: set[str] = set()
        self.skew = timedelta()

    async def __aenter__(self) -> Self:
        """Open nothing yet: connections are made by the first question."""
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close every connection, and tell of rows that could not be read."""
        await disconnect(self._client)
        for table in sorted(self.unreadable):
            self.note(f"rows of {table} that cannot be read are left out")

    async def rows(
        self, table: str, filter_: Filter = EVERYTHING, *, select: Iterable[str] | None = None, page: int = PAGE
    ) -> AsyncGenerator[Row]:
        """Yield the rows that a filter lets pass, in the order of their keys.

        Args:
            table: its name; a table that is not there has no rows, since its first row creates it.
            filter_: which rows.
            select: the columns to read, all of them by default.
            page: how many rows to read at once, for who wants but the first.
        """
        text, values = filter_.as_query()
        rows = self._client.get_table_client(table).query_entities(
            text,
            parameters=values,
            select=None if select is None else [*select],
            results_per_page=page,
            raw_response_hook=self._hear_clock,
        )
        try:
            async for row in rows:
                self.count()
                yield _plain(row)
        except ResourceNotFoundError:
            return

    async def first(self, table: str, filter_: Filter, *, select: Iterable[str] | None = None) -> Row | None:
        """Return the first row that a filter lets pass."""
        async for row in self.rows(table, filter_, select=select, page=1):
            return row
        return None

    async def events(self, table: str, filter_: Filter) -> AsyncGenerator[Event]:
        """Yield the events of rows, decoded from the text they keep; one that cannot be read hides no other."""
        async for row in self.rows(table, filter_):
            try:
                event = event_of(row)
            except ContentError:
                self.unreadable.add(table)
            else:
                yield event

    def now(self) -> datetime:
        """Return the time by the service's clock."""
        return datetime.now(UTC) + self.skew

    def _hear_clock(self, answer: Any) -> None:
        with contextlib.suppress(KeyError, ValueError):  # an emulator or a proxy may tell no time
            self.skew = parsedate_to_datetime(answer.http_response.headers["Date"]) - datetime.now(UTC)


def moment(ticks: int) -> datetime:
    """Return ticks as queries compare them with times, cut to the microsecond."""
    return _EPOCH + timedelta(microseconds=ticks // 10)


def ticks_of(time: datetime) -> int:
    """Return a time as ticks."""
    return (time - _EPOCH) // timedelta(microseconds=1) * 10


def _plain(row: TableEntity) -> Row:
    """Return a row in the types of JSON, and bytes; with the time of its last change, if that was asked for."""
    columns = {name: value if type(value) in _PLAIN else _plain_value(value) for name, value in row.items()}
    changed = row.metadata.get("timestamp")
    return columns if changed is None else {**columns, "Timestamp": _plain_value(changed)}


def _plain_value(value: Any) -> Any:
    if isinstance(value, EntityProperty):
        return value.value
    if isinstance(value, datetime):  # the SDK keeps the seventh digit beside the microseconds
        return getattr(value, "tables_service_value", "") or value.isoformat()
    return str(value)
