"""The only module that writes to Table Storage.

The two writes of the hot path are encoded by `odata` and sent over aiohttp, since azure-data-tables spends several
times as much CPU on them (docs/decisions/0001-own-write-path.md). Tables are created through azure-data-tables.
"""

import asyncio
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from yarl import URL

from shared.errors import RowRefused, StorageError
from shared.storage import odata
from shared.storage.account import Account
from shared.storage.authorization import NoToken, authorization
from shared.storage.connection import connect, create_table, disconnect
from shared.storage.odata import Row

if TYPE_CHECKING:
    from azure.data.tables.aio import TableServiceClient

# What azure-data-tables retries for a PUT. Both our writes replace, so both may be repeated.
RETRIED: Final = frozenset({408, 429, 500, 502, 503, 504, *range(506, 600)})
_REFUSED_FOR_CONTENT: Final = frozenset({400, 413, 414})
_NOT_FOUND: Final = 404
_WRITTEN: Final = 204
_TRANSACTION_HEARD: Final = 202
_UNREADABLE: Final = 500
_CONNECTIONS: Final = 64
_LARGE: Final = 2**20  # bytes; aiohttp wants larger bodies as files


class Patience(NamedTuple):
    """How long one write may take, in seconds; Event Grid gives up on a delivery after 30.

    Attributes:
        attempts: how often a request is sent; when a connection breaks, aiohttp sends a PUT once more at once.
        attempt: the longest wait for one answer.
        whole: the longest time for all attempts and the pauses between them.
        pause: the first pause; each further one is twice as long. A Retry-After of the service counts if longer.
    """

    attempts: int = 3
    attempt: float = 4.0
    whole: float = 8.0
    pause: float = 0.2


class _Request(NamedTuple):
    method: str
    path: str
    content_type: str
    body: bytes
    rows: int


class _Answer(NamedTuple):
    status: int
    code: str
    retry_after: float = 0.0


class Tables:
    """Writes to the tables of one storage account; one per worker process, within one event loop."""

    def __init__(self, account: Account, patience: Patience | None = None) -> None:
        self._patience = patience or Patience()
        self._account = account
        self._authorization = authorization(account)
        self._endpoint = account.endpoint
        self._path = urlsplit(account.endpoint).path
        self._client: TableServiceClient | None = None
        self._session: aiohttp.ClientSession | None = None
        self._creating: dict[str, asyncio.Task[None]] = {}

    async def upsert(self, row: Row) -> None:
        """Write one row in place of whatever has its keys; returns when it is durable.

        Raises:
            RowRefused: the service refuses the row for its content.
            StorageError: the service did not take it in time.
        """
        await self._write(_Request("PUT", row.path, "application/json", row.body, 1), row.table)

    async def upsert_together(self, rows: Sequence[Row]) -> None:
        """Write up to 100 rows of one table and partition, all or none; returns when they are durable.

        Raises:
            RowRefused: the service refuses the transaction for the content of one of the rows.
            StorageError: the service did not take it in time.
        """
        body = odata.transaction(rows, self._endpoint)
        await self._write(_Request("POST", "$batch", odata.TRANSACTION_TYPE, body, len(rows)), rows[0].table)

    async def close(self) -> None:
        """Close every connection."""
        creations = [*self._creating.values()]
        for creation in creations:
            creation.cancel()
        await asyncio.gather(*creations, return_exceptions=True)
        if self._session is not None:
            await self._session.close()
            # An https connection closes its transport one turn of the loop later.
            await asyncio.sleep(0)
        await self._authorization.close()
        if self._client is not None:
            await disconnect(self._client)

    async def _write(self, request: _Request, table: str) -> None:
        deadline = asyncio.get_running_loop().time() + self._patience.whole
        answer = await self._send(request, deadline)
        if answer.status == _NOT_FOUND:
            await self._create(table, deadline)
            answer = await self._send(request, deadline)
        if answer.status in _REFUSED_FOR_CONTENT:
            raise RowRefused(answer.code or str(answer.status))
        if answer.status != _WRITTEN:
            raise StorageError(f"Table Storage answered {answer.status} {answer.code}".rstrip())

    async def _send(self, request: _Request, deadline: float) -> _Answer:
        """Send until an answer is final, or the attempts or the time are used up; the last answer or failure counts."""
        loop = asyncio.get_running_loop()
        pause = self._patience.pause
        for attempt in range(1, self._patience.attempts + 1):
            failure: Exception | None = None
            answer = _Answer(0, "")
            try:
                async with asyncio.timeout_at(min(loop.time() + self._patience.attempt, deadline)):
                    answer = await self._send_once(request)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                failure = error
            if failure is None and answer.status not in RETRIED and not answer.retry_after:
                break
            pause = max(pause, answer.retry_after)
            if attempt == self._patience.attempts or loop.time() + pause >= deadline:
                break
            await asyncio.sleep(pause)
            pause *= 2
        if failure is not None:
            # The failure's own text may quote the URL, and with it the keys.
            named = str(failure) if isinstance(failure, NoToken) else type(failure).__name__
            raise StorageError(f"Table Storage is out of reach: {named}") from None
        return answer

    async def _send_once(self, request: _Request) -> _Answer:
        headers = await self._authorization.headers(f"{self._path}/{request.path}")
        headers["Content-Type"] = request.content_type
        url = URL(f"{self._endpoint}/{request.path}{self._authorization.query}", encoded=True)
        data = request.body if len(request.body) < _LARGE else BytesIO(request.body)
        # The service redirects nobody. Whoever does answers anything with 200, and must not get the token.
        sending = self._open().request(request.method, url, data=data, headers=headers, allow_redirects=False)
        async with sending as response:
            if response.status == _WRITTEN and request.method == "PUT":
                return _Answer(_WRITTEN, "")
            answer = await response.read()
            if response.status == _TRANSACTION_HEARD and request.method == "POST":
                return _Answer(*odata.outcome(answer, request.rows))
            if response.status < 400:  # noqa: PLR2004  no success that the service knows of
                return _Answer(_UNREADABLE, "UnreadableAnswer")
            retry_after = _seconds(response.headers.get("Retry-After", ""))
            return _Answer(response.status, odata.error_code(answer), retry_after)

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=_CONNECTIONS),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),  # `Patience` bounds every request
                auto_decompress=False,
                skip_auto_headers=("Accept-Encoding",),
                headers={
                    "Accept": "application/json;odata=minimalmetadata",
                    "DataServiceVersion": "3.0",
                    "Prefer": "return-no-content",
                    "x-ms-version": "2019-02-02",
                },
            )
        return self._session

    async def _create(self, table: str, deadline: float) -> None:
        """Create a table; concurrent writers that miss it share one creation."""
        creation = self._creating.get(table)
        if creation is None:
            creation = asyncio.create_task(self._create_now(table))
            self._creating[table] = creation
            creation.add_done_callback(lambda done: self._created(table, done))
        try:
            async with asyncio.timeout_at(deadline):
                await asyncio.shield(creation)
        except TimeoutError:
            raise StorageError(f"table {table} is missing and was not created in time") from None

    def _created(self, table: str, creation: asyncio.Task[None]) -> None:
        del self._creating[table]
        if not creation.cancelled():
            creation.exception()  # those who still wait raise it; if nobody does, it must not be reported as lost

    async def _create_now(self, table: str) -> None:
        if self._client is None:
            self._client = connect(self._account, read_seconds=self._patience.attempt)
        await create_table(self._client, table)


def _seconds(retry_after: str) -> float:
    """Read a Retry-After of whole seconds; the service writes no dates there."""
    return float(retry_after) if retry_after.isdecimal() else 0.0
