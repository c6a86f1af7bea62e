"""The only module that writes to Table Storage.

The two writes of the hot path are encoded by `odata` and sent by `http`, since azure-data-tables and aiohttp spend
several times as much CPU on them (docs/decisions/0001-own-write-path.md, 0004-own-transport.md).
Tables are created through azure-data-tables.
"""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import msgspec

from shared.errors import RowRefused, StorageError
from shared.storage import odata
from shared.storage.account import Account
from shared.storage.authorization import NoToken, authorization
from shared.storage.connection import connect, create_table, disconnect
from shared.storage.http import Origin, header_lines
from shared.storage.odata import Row
from shared.storage.pool import Pool
from shared.storage.reply import Reply
from shared.storage.slots import PartitionKey, Slot, Slots

# What azure-data-tables retries for a PUT. Both our writes replace, so both may be repeated.
RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504, *range(506, 600)})
_REFUSED_FOR_CONTENT: Final = frozenset({400, 413, 414})
_NOT_FOUND: Final = 404
_WRITTEN: Final = 204
_TRANSACTION_HEARD: Final = 202
_UNREADABLE: Final = 500
_OUT_OF_REACH: Final = 0
_HEADERS: Final = {
    "Accept": "application/json;odata=minimalmetadata",
    "DataServiceVersion": "3.0",
    "Prefer": "return-no-content",
    "x-ms-version": "2019-02-02",
}
_HEADERS_OF_ROW: Final = header_lines({**_HEADERS, "Content-Type": "application/json"})
_HEADERS_OF_TRANSACTION: Final = header_lines({**_HEADERS, "Content-Type": odata.TRANSACTION_TYPE})


class Patience(NamedTuple):
    """How long one write may take, in seconds; Event Grid gives up on a delivery after 30.

    Attributes:
        attempts: how often a request is sent; one whose reply is lost on a kept connection is sent once more at once.
        attempt: the longest wait for one answer, from when there is a connection to ask on.
        whole: the longest time for all attempts and the pauses between them.
        pause: the first pause; each further one is twice as long. A Retry-After of the service counts if longer.
    """

    attempts: int = 3
    attempt: float = 4.0
    whole: float = 8.0
    pause: float = 0.2


class _Request(msgspec.Struct, frozen=True, gc=False):
    table: str
    partition: PartitionKey
    method: str
    path: str
    headers: str
    body: bytes
    rows: int


class _Answer(msgspec.Struct, frozen=True, gc=False):
    status: int  # or `_OUT_OF_REACH`: there was no answer, and `code` tells why
    code: str
    retry_after: float = 0.0

    @property
    def is_passing(self) -> bool:
        """Whether a retry may succeed."""
        return self.status in RETRIED or self.status == _OUT_OF_REACH or self.retry_after > 0


_GAVE_WAY: Final = _Answer(_OUT_OF_REACH, "GaveWay")


class Tables:
    """Writes to the tables of one storage account; one per worker process, within one event loop at a time."""

    def __init__(self, account: Account, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._account = account
        self._authorization = authorization(account)
        url = urlsplit(account.endpoint)
        self._path = url.path
        self._pool = Pool(Origin(url.hostname or "", url.port, tls=url.scheme == "https"))
        self._creating: dict[str, asyncio.Task[None]] = {}
        self._slots = Slots()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def upsert(self, row: Row) -> None:
        """Write one row in place of whatever has its keys; returns when it is durable.

        Raises:
            RowRefused: the service refuses the row for its content.
            StorageError: the service did not take it in time.
        """
        await self._write(_Request(row.table, row.partition, "PUT", row.path.decode(), _HEADERS_OF_ROW, row.body, 1))

    async def upsert_together(self, rows: Sequence[Row]) -> None:
        """Write up to 100 rows of one table and partition, all or none; returns when they are durable.

        Raises:
            RowRefused: the service refuses the transaction for the content of one of the rows.
            StorageError: the service did not take it in time.
        """
        body = odata.transaction(rows, self._account.endpoint)
        table, partition = rows[0].table, rows[0].partition
        await self._write(_Request(table, partition, "POST", "$batch", _HEADERS_OF_TRANSACTION, body, len(rows)))

    async def close(self) -> None:
        """Close every connection."""
        creations = [*self._creating.values()]
        for creation in creations:
            creation.cancel()
        await asyncio.gather(*creations, return_exceptions=True)
        self._pool.close()
        await self._authorization.close()

    async def _write(self, request: _Request) -> None:
        deadline = asyncio.get_running_loop().time() + self._patience.whole
        answer = await self._send(request, deadline)
        if answer.status == _NOT_FOUND:
            await self._create(request.table, deadline)
            answer = await self._send(request, deadline)
        if answer.status in _REFUSED_FOR_CONTENT:
            raise RowRefused(answer.code or str(answer.status))
        if answer.status == _OUT_OF_REACH:
            raise StorageError(f"Table Storage is out of reach: {answer.code}")
        if answer.status != _WRITTEN:
            raise StorageError(f"Table Storage answered {answer.status} {answer.code}".rstrip())

    async def _send(self, request: _Request, deadline: float) -> _Answer:
        """Send until an answer is final, or attempts or time are used up; return the last answer."""
        now = asyncio.get_running_loop().time
        pause = self._patience.pause
        attempts_left = self._patience.attempts
        while True:
            answer = await self._attempt(request, deadline)
            if answer is _GAVE_WAY:  # cut off in favour of others, so this does not count as an attempt
                continue
            attempts_left -= 1
            pause = max(pause, answer.retry_after)
            if not attempts_left or not answer.is_passing or now() + pause >= deadline:
                return answer
            await asyncio.sleep(pause)
            pause *= 2

    async def _attempt(self, request: _Request, deadline: float) -> _Answer:
        """Send once. The wait for a slot is bounded by the deadline, the rest by the time for one attempt."""
        slot = self._slots_of_this_loop().slot(request.partition, self._patience.attempt, deadline)
        try:
            if not slot.take_free():
                await slot.wait()
            with slot:
                reply = await self._exchange(request, slot)
                slot.answered()
        except NoToken as failure:
            return _Answer(_OUT_OF_REACH, str(failure))
        except OSError as failure:  # its own text may quote the URL, and with it the keys
            return _GAVE_WAY if slot.gave_way else _Answer(_OUT_OF_REACH, type(failure).__name__)
        return _understood(request, reply)

    async def _exchange(self, request: _Request, slot: Slot) -> Reply:
        path = f"{self._path}/{request.path}"
        proof = await self._authorization.headers(path, slot.ends)
        headers = request.headers + header_lines(proof)
        target = path + self._authorization.query
        connection = self._pool.take()
        try:
            if not connection.is_open:
                await connection.open(slot.ends)
            slot.begins(connection.cut_off)
            return await connection.send(request.method, target, headers, request.body, deadline=slot.ends)
        finally:
            self._pool.give_back(connection)

    def _slots_of_this_loop(self) -> Slots:
        """Return the slots of the running event loop; those of an earlier one may never be given back."""
        loop = asyncio.get_running_loop()
        if self._loop is not loop:
            self._loop, self._slots = loop, Slots()
        return self._slots

    async def _create(self, table: str, deadline: float) -> None:
        """Create a table; concurrent writers that miss it share one creation."""
        creation = self._creating.get(table)
        if creation is None or creation.get_loop() is not asyncio.get_running_loop():
            creation = asyncio.create_task(self._create_now(table))
            self._creating[table] = creation
            creation.add_done_callback(lambda done: self._created(table, done))
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.shield(creation)
        except TimeoutError:
            raise StorageError(f"table {table} is missing and was not created in time") from None

    def _created(self, table: str, creation: asyncio.Task[None]) -> None:
        if self._creating.get(table) is creation:
            del self._creating[table]
        if not creation.cancelled():
            creation.exception()  # raised by those that still wait; asyncio must not report it as never retrieved

    async def _create_now(self, table: str) -> None:
        # A client of its own: the SDK's are bound to the event loop that they were first used in.
        client = connect(self._account, read_seconds=self._patience.attempt)
        try:
            await create_table(client, table)
        finally:
            await disconnect(client)


def _understood(request: _Request, reply: Reply) -> _Answer:
    if reply.status == _WRITTEN and request.method == "PUT":
        return _Answer(_WRITTEN, "")
    if reply.status == _TRANSACTION_HEARD and request.method == "POST":
        return _Answer(*odata.outcome(reply.body, request.rows))
    if reply.status < 400:  # noqa: PLR2004  no success that the service knows of; a redirect is none, and not followed
        return _Answer(_UNREADABLE, "UnreadableAnswer")
    return _Answer(reply.status, odata.error_code(reply.body), _seconds(reply.header(b"retry-after")))


def _seconds(retry_after: bytes) -> float:
    """Read a Retry-After of whole seconds; the service writes no dates there."""
    return float(retry_after) if retry_after.isdigit() else 0.0
