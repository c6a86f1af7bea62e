"""Read resources through Azure Resource Manager.

https://learn.microsoft.com/rest/api/resources/
"""

from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import quote, urlsplit

import aiohttp
import msgspec

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

ENDPOINT: Final = "https://management.azure.com"
_SCOPE: Final = "https://management.azure.com/.default"
_SECONDS: Final = 30.0
_OK: Final = 200
_MAX_PAGES: Final = 100


class ArmError(Exception):
    """Resource Manager did not return a resource.

    Attributes:
        status: the HTTP status.
        code: the error code of the service, or the status.
    """

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class ResourceManager:
    """Reads resources by their ids; use as an async context manager."""

    def __init__(self, credential: "AsyncTokenCredential", endpoint: str = ENDPOINT) -> None:
        self._credential = credential
        self._endpoint = endpoint
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))

    async def __aenter__(self) -> Self:
        """Return the client; the first request opens a connection."""
        return self

    async def __aexit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        """Close all connections and the credential."""
        await self._session.close()
        await self._credential.close()

    async def get(self, resource_id: str, api_version: str) -> dict[str, Any]:
        """Return a resource.

        Raises:
            ArmError: it does not exist, or the user may not read it.
            aiohttp.ClientError: Resource Manager cannot be reached.
            azure.core.exceptions.ClientAuthenticationError: the user is not signed in.
        """
        return await self._read(f"{self._endpoint}{resource_id}?api-version={api_version}")

    async def ask(self, path: str, api_version: str) -> dict[str, Any]:
        """Return what needs a POST to read because it may be secret; change nothing. Raise as `get` does."""
        return await self._read(f"{self._endpoint}{path}?api-version={api_version}", method="POST")

    async def children(self, path: str, api_version: str, *, where: str = "") -> list[dict[str, Any]]:
        """Return the resources below a path that match a filter, from all pages; raise as `get` does."""
        url = f"{self._endpoint}{path}?api-version={api_version}"
        if where:
            url += f"&$filter={quote(where)}"
        found: list[dict[str, Any]] = []
        for _ in range(_MAX_PAGES):
            page = await self._read(url)
            found += page.get("value", [])
            url = page.get("nextLink") or ""
            if not url:
                return found
            if urlsplit(url)[:2] != urlsplit(self._endpoint)[:2]:
                raise ArmError(_OK, "the next page is on another host, which must not get the token")
        raise ArmError(_OK, f"more than {_MAX_PAGES} pages")

    async def _read(self, url: str, *, method: str = "GET") -> dict[str, Any]:
        token = await self._credential.get_token(_SCOPE)
        headers = {"Authorization": f"Bearer {token.token}", "Accept": "application/json"}
        async with self._session.request(method, url, headers=headers, allow_redirects=False) as answer:
            body = await answer.read()
        try:
            read = msgspec.json.decode(body, type=dict[str, Any])
        except msgspec.DecodeError:
            raise ArmError(answer.status, f"an answer that is not JSON ({answer.status})") from None
        if answer.status != _OK:
            error = read.get("error")
            code = error.get("code") if isinstance(error, dict) else None
            raise ArmError(answer.status, str(code or answer.status))
        return read


def part(value: Any, *names: str) -> Any:
    """Return the value at a path of a resource, None if there is none."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
