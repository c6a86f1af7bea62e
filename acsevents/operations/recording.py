"""Record events again with the sink's own rows and write path, but without writing dead letters."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Protocol, TypeVar

from acsevents.operations.stored_rows import StoredRow
from shared.decoder import decode
from shared.errors import ContentError, InternalError, RowRefused
from shared.events.event import Event
from shared.rows.records import record_rows
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row, encode_rows
from shared.storage.tables import Tables
from shared.stored import event_of

Source = TypeVar("Source")


class Store(Protocol):
    """Where rows are kept; `shared.storage.group_commit.GroupCommit` is the real one."""

    async def write(self, rows: Sequence[Row]) -> None:
        """Return when all rows are durable; raise `StorageError` otherwise."""
        ...


@asynccontextmanager
async def opened_store(account: Account) -> AsyncIterator[Store]:
    """Open the sink's write path; at the end, wait for running writes."""
    tables = Tables(account)
    store = GroupCommit(tables)
    try:
        yield store
    finally:
        await store.close()
        await tables.close()


def read_event(text: str | bytes) -> Event | ContentError:
    """Decode an event with the current code, or return why that fails; no content makes it raise."""
    return _read(decode, text)


def read_row(row: StoredRow) -> Event | ContentError:
    """Decode the event of a stored row with the current code, or return why that fails."""
    return _read(event_of, row.entity)


def _read(how: Callable[[Source], Event], source: Source) -> Event | ContentError:
    try:
        return how(source)
    except ContentError as error:
        return error
    except Exception as bug:  # noqa: BLE001  an event that triggers a bug in the decoder must not stop the others
        return InternalError(f"a bug in the decoder: {type(bug).__name__}")


async def record(store: Store | None, event: Event) -> ContentError | None:
    """Write the rows of an event, or return why its content does not allow it; without a store, only check.

    Raises:
        StorageError: the tables did not accept it; try again later.
    """
    try:
        rows = encode_rows(record_rows(event))
        if store is not None:
            await store.write(rows)
    except ContentError as error:
        return error
    except RowRefused as refusal:
        return InternalError(str(refusal), event_id=event.envelope.id, event_type=event.type)
    return None
