"""Look up what is recorded: one query of one partition per question, through azure-data-tables."""

import logging
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Any, NamedTuple, Self

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableEntity

from shared.catalogue import CHAT_THREAD, CHAT_USER, DEAD_LETTERS, SMS
from shared.errors import ContentError
from shared.events.event import Event
from shared.events.identifiers import e164
from shared.rows import keys
from shared.rows.fitting import unpack
from shared.storage.connection import connect, disconnect
from shared.storage.settings import Account
from shared.stored import event_of
from shared.stories import SmsStory, Transcript, tell_sms, tell_thread

_log = logging.getLogger("acs_event_sink")

_READ_SECONDS = 30.0  # nobody redelivers a question: wait longer than a write may


class DeadLetter(NamedTuple):
    """One event that could not be recorded, with its text."""

    function: str
    reason: str
    detail: str
    event_id: str | None
    event_type: str | None
    raw: str | bytes

    def __repr__(self) -> str:
        """Tell where and why, without any personal data."""
        return f"<DeadLetter in {self.function}: {self.reason}>"


class Lookups:
    """Questions to the tables of one storage account; use as an async context manager."""

    def __init__(self, account: Account) -> None:
        self._client = connect(account, retries=3, read_seconds=_READ_SECONDS)

    async def __aenter__(self) -> Self:
        """Open nothing yet: connections are made by the first question."""
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close every connection."""
        await disconnect(self._client)

    async def sms(self, number: str, message_id: str) -> SmsStory | None:
        """Tell the state of one SMS that one of the resource's own numbers sent or received; None if unknown."""
        filed = keys.key(message_id)
        # Behind the `~` come digits; `:` is the character after `9`.
        condition = "PartitionKey eq @owner and RowKey ge @first and RowKey lt @end"
        values = {"owner": keys.key(e164(number)), "first": f"{filed}~", "end": f"{filed}~:"}
        events = self._events(str(SMS.message_table), condition, values)
        # An id may itself hold a `~` and a digit, and then lies between these keys too.
        return tell_sms([event async for event in events if event.facts.message_id == message_id])

    async def thread(self, thread_id: str) -> Transcript | None:
        """Tell the transcript of one thread from its thread-level events; None if unknown."""
        values = {"owner": keys.key(thread_id)}
        return tell_thread([event async for event in self._events(CHAT_THREAD.table, _OWNED, values)])

    async def thread_as_seen_by(self, user_id: str, thread_id: str) -> Transcript | None:
        """Tell what one user saw of a thread, from the events delivered to that user; None if unknown."""
        values = {"owner": keys.key(user_id), "thread": thread_id}
        condition = f"{_OWNED} and ThreadId eq @thread"
        return tell_thread([event async for event in self._events(CHAT_USER.table, condition, values)])

    async def dead_letters(self) -> AsyncIterator[DeadLetter]:
        """Yield every dead letter."""
        async for row in self._rows(DEAD_LETTERS):
            yield DeadLetter(
                function=row["PartitionKey"],
                reason=row["Reason"],
                detail=row["Detail"],
                event_id=row.get("EventId"),
                event_type=row.get("EventType"),
                raw=unpack(row),
            )

    async def _events(self, table: str, condition: str, values: dict[str, Any]) -> AsyncIterator[Event]:
        """Yield the events of a query's rows, decoded again from the text they keep."""
        async for row in self._rows(table, condition, values):
            try:
                yield event_of(row)
            except ContentError as error:  # a row that somebody else wrote or changed must not hide the others
                _log.warning("a row of %s cannot be read: %s", table, error.reason)

    async def _rows(
        self, table: str, condition: str = "", values: dict[str, Any] | None = None
    ) -> AsyncIterator[TableEntity]:
        try:
            async for row in self._client.get_table_client(table).query_entities(condition, parameters=values):
                yield row
        except ResourceNotFoundError:  # tables are created by their first row
            return


_OWNED = "PartitionKey eq @owner"
