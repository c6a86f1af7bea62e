"""azure-data-tables over this app's own HTTP client, for reads: importing aiohttp takes longer than most look-ups."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, MutableMapping
from http.client import responses
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

from azure.core.exceptions import HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.pipeline.transport import AsyncHttpTransport
from azure.core.rest import AsyncHttpResponse, HttpRequest
from azure.core.utils import CaseInsensitiveDict

from shared.storage.http import Origin, header_lines
from shared.storage.pool import Pool
from shared.storage.reply import Reply

_CONNECT_SECONDS: Final = 2.0
_MOST_BYTES: Final = 2**30  # the service gives 4 MiB at once; an emulator does not count
_LOWEST_REFUSAL: Final = 400
_PROXIES: Final = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")


def read_transport(endpoint: str, read_seconds: float) -> "ReadTransport | None":
    """Return what to read with; None where a proxy is set, which aiohttp knows how to use."""
    if any(os.environ.get(name) for name in _PROXIES):
        return None
    url = urlsplit(endpoint)
    return ReadTransport(
        Origin(url.hostname or "", url.port, tls=url.scheme == "https", most_bytes=_MOST_BYTES), read_seconds
    )


class ReadTransport(AsyncHttpTransport[HttpRequest, AsyncHttpResponse]):
    """Sends requests that may be repeated, without bodies, to one server.

    https://learn.microsoft.com/python/api/azure-core/azure.core.pipeline.transport.asynchttptransport

    Args:
        origin: the server.
        seconds: how long to wait for a whole answer.
    """

    def __init__(self, origin: Origin, seconds: float) -> None:
        self._pool = Pool(origin)
        self._seconds = seconds

    async def __aenter__(self) -> Self:
        """Open nothing yet: the first request connects."""
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close every connection."""
        await self.close()

    async def open(self) -> None:
        """Open nothing yet."""

    async def close(self) -> None:
        """Close every connection."""
        self._pool.close()

    async def send(self, request: HttpRequest, **_: Any) -> AsyncHttpResponse:
        """Send a request and return the answer, whole.

        Raises:
            ServiceRequestError: the server is not reached.
            ServiceResponseError: it does not answer in time, or not in HTTP/1.1.
        """
        target = "/" + request.url.split("/", 3)[3]
        clock = asyncio.get_running_loop().time
        connection = self._pool.take()
        try:
            try:
                await connection.open(clock() + _CONNECT_SECONDS)
            except OSError as error:
                raise ServiceRequestError(error, error=error) from error
            deadline = clock() + self._seconds
            reply = await connection.send(request.method, target, header_lines(request.headers), b"", deadline=deadline)
        except OSError as error:
            raise ServiceResponseError(error, error=error) from error
        finally:
            self._pool.give_back(connection)
        return _Answer(request, reply)


class _Answer(AsyncHttpResponse):
    """An answer that was read whole."""

    def __init__(self, request: HttpRequest, reply: Reply) -> None:
        self._request = request
        self._reply = reply
        self._headers = CaseInsensitiveDict(
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in reply.headers.items()
        )
        self._encoding: str | None = None

    @property
    def request(self) -> HttpRequest:
        return self._request

    @property
    def url(self) -> str:
        return self._request.url

    @property
    def status_code(self) -> int:
        return self._reply.status

    @property
    def reason(self) -> str:
        return responses.get(self._reply.status, "")

    @property
    def headers(self) -> MutableMapping[str, str]:
        return self._headers

    @property
    def content_type(self) -> str | None:
        return self._headers.get("content-type")

    @property
    def is_closed(self) -> bool:
        return True

    @property
    def is_stream_consumed(self) -> bool:
        return True

    @property
    def encoding(self) -> str | None:
        return self._encoding

    @encoding.setter
    def encoding(self, value: str | None) -> None:
        self._encoding = value

    @property
    def content(self) -> bytes:
        return self._reply.body

    def text(self, encoding: str | None = None) -> str:
        return self._reply.body.decode(encoding or self._encoding or "utf-8-sig", "replace")

    def json(self) -> Any:
        return json.loads(self.text())

    def raise_for_status(self) -> None:
        if self._reply.status >= _LOWEST_REFUSAL:
            raise HttpResponseError(response=self)

    async def read(self) -> bytes:
        return self._reply.body

    async def iter_raw(self, **_: Any) -> AsyncIterator[bytes]:
        yield self._reply.body

    async def iter_bytes(self, **_: Any) -> AsyncIterator[bytes]:
        yield self._reply.body

    async def close(self) -> None:
        pass

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        pass
