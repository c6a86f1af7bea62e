"""Read rows of the tables; they are streamed, so that memory does not grow with the result."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Final, Self, TypeVar

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
Answer = TypeVar("Answer")

PAGE: Final = 1_000  # the most rows that the service returns in one response
_PLAIN: Final = frozenset({str, int, float, bool, bytes})
_EPOCH: Final = datetime(1, 1, 1, tzinfo=UTC)
_READ_SECONDS: Final = 30.0  # longer than for a write: a query is not redelivered


class Reader:
    """Reads the tables of one storage account; use as an async context manager.

    Attributes:
        note: called with remarks for the user, which hold no personal data.
        unreadable: the tables with rows that could not be read.
        count: called for each row that was read.
        skew: how far the service's clock is ahead of this machine's, according to the last response.
    """

    def __init__(self, account: Account, note: Note = lambda _: None) -> None:
        self._client = connect_to_read(account, retries=3, read_seconds=_READ_SECONDS)
        self.note = note
        self.count: Callable[[], None] = lambda: None
        self.unreadable: set[str] = set()
        self.skew = timedelta()

    async def __aenter__(self) -> Self:
        """Return the reader; the first query opens a connection."""
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close all connections, and report rows that could not be read."""
        await disconnect(self._client)
        for table in sorted(self.unreadable):
            self.note(f"rows of {table} that cannot be read are left out")

    async def rows(
        self, table: str, filter_: Filter = EVERYTHING, *, select: Iterable[str] | None = None, page: int = PAGE
    ) -> AsyncGenerator[Row]:
        """Yield the rows that match a filter, in key order.

        Args:
            table: name of the table; if it does not exist, it has no rows, since the first write creates it.
            filter_: which rows.
            select: the columns to read; all of them by default.
            page: rows per response, for callers that need only the first few.
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
        """Return the first row that matches a filter, or None."""
        async for row in self.rows(table, filter_, select=select, page=1):
            return row
        return None

    async def events(self, table: str, filter_: Filter) -> AsyncGenerator[Event]:
        """Yield the events of rows, decoded from their text; skip unreadable rows, and remember their table."""
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
        with contextlib.suppress(KeyError, ValueError):  # an emulator or a proxy may send no date
            self.skew = parsedate_to_datetime(answer.http_response.headers["Date"]) - datetime.now(UTC)


async def at_once(questions: Iterable[Coroutine[Any, Any, Answer]]) -> list[Answer]:
    """Return the answers to questions that are asked concurrently; if one fails, the others are cancelled."""
    asking = [asyncio.create_task(question) for question in questions]
    try:
        return [*await asyncio.gather(*asking)]
    finally:
        for question in asking:
            question.cancel()
        await asyncio.gather(*asking, return_exceptions=True)


def moment(ticks: int) -> datetime:
    """Return ticks as a datetime for filters, cut to microseconds."""
    return _EPOCH + timedelta(microseconds=ticks // 10)


def ticks_of(time: datetime) -> int:
    """Return a datetime as ticks."""
    return (time - _EPOCH) // timedelta(microseconds=1) * 10


def _plain(row: TableEntity) -> Row:
    """Return a row with values of JSON types and bytes, and with its `Timestamp` if that was selected."""
    columns = {name: value if type(value) in _PLAIN else _plain_value(value) for name, value in row.items()}
    changed = row.metadata.get("timestamp")
    return columns if changed is None else {**columns, "Timestamp": _plain_value(changed)}


def _plain_value(value: Any) -> Any:
    if isinstance(value, EntityProperty):
        return value.value
    if isinstance(value, datetime):  # the SDK has the seventh digit in an attribute
        return getattr(value, "tables_service_value", "") or value.isoformat()
    return str(value)
