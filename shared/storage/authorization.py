"""Authorization of requests by account key, shared access signature or managed identity.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

import asyncio
import base64
import hmac
from email.utils import formatdate
from functools import lru_cache
from time import time
from typing import TYPE_CHECKING, Protocol

from shared.errors import SettingsError
from shared.storage.account import Account, AccountKey, Identity, Signature

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

_SCOPE = "https://storage.azure.com/.default"
_ASK_AGAIN_SECONDS = 60.0  # the credential renews its token long before it expires; asking it costs five signatures
_ANSWER_SECONDS = 15.0  # a developer's sign-in starts a program that takes seconds
_LEFT_SECONDS = 30.0  # of a token's life that a write may take


class Authorization(Protocol):
    """Authorizes requests.

    Attributes:
        query: what to append to every URL.
    """

    query: str

    async def headers(self, path: str, deadline: float) -> dict[str, str]:
        """Return the headers that authorize a request for a URL path, percent-encoded as on the wire.

        Raises:
            OSError: the headers cannot be had until the deadline, by the clock of the event loop.
        """
        ...

    async def close(self) -> None:
        """Close the connections that authorization needed."""
        ...


class NoToken(OSError):  # noqa: N818  an outcome, and one that may pass
    """The identity provides no token at the moment; the text names the error."""


def authorization(account: Account) -> Authorization:
    """Return what authorizes requests with the account's kind of credential.

    Raises:
        SettingsError: an identity's settings contradict what Azure provides.
    """
    credential = account.credential
    if isinstance(credential, AccountKey):
        return SharedKeyLite(credential)
    if isinstance(credential, Signature):
        return SharedAccessSignature(credential)
    return Bearer(token_credential(account.setting, credential))


class SharedKeyLite:
    """Signs date and path with the account key.

    A copied `hmac` keeps the interpreter lock; `hmac.digest` would offer it to the worker's other threads each time.
    """

    query = ""

    def __init__(self, key: AccountKey) -> None:
        self._name = key.name
        self._keyed = hmac.new(base64.b64decode(key.key), digestmod="sha256")
        self._dated = self._keyed
        self._date = ""

    async def headers(self, path: str, deadline: float) -> dict[str, str]:  # noqa: ARG002  nothing is waited for
        """Sign the request."""
        date = _date(int(time()))
        if date != self._date:  # the start of what is signed is the same for a second
            self._date, self._dated = date, self._keyed.copy()
            self._dated.update(f"{date}\n/{self._name}".encode())
        signed = self._dated.copy()
        signed.update(path.encode())
        signature = base64.b64encode(signed.digest()).decode()
        return {"x-ms-date": date, "Authorization": f"SharedKeyLite {self._name}:{signature}"}

    async def close(self) -> None:
        """Do nothing."""


class SharedAccessSignature:
    """Adds a shared access signature to every URL."""

    def __init__(self, signature: Signature) -> None:
        self.query = f"?{signature.query}"

    async def headers(self, path: str, deadline: float) -> dict[str, str]:  # noqa: ARG002  it covers no path
        """Add nothing but the date."""
        return {"x-ms-date": _date(int(time()))}

    async def close(self) -> None:
        """Do nothing."""


class Bearer:
    """Sends an access token of an identity.

    One request to the credential serves all callers that need a token meanwhile. While the last token is valid, no
    caller waits.
    """

    query = ""

    def __init__(self, credential: "AsyncTokenCredential") -> None:
        self._credential = credential
        self._token = ""
        self._good_until = 0.0
        self._ask_at = 0.0
        self._question: asyncio.Task[None] | None = None

    async def headers(self, path: str, deadline: float) -> dict[str, str]:  # noqa: ARG002  a token covers no path
        """Add the token.

        Raises:
            NoToken: the identity provides none.
            TimeoutError: it does not answer before the deadline.
        """
        now = time()
        if now >= self._ask_at or now >= self._good_until:
            question = self._asked(now)
            if now >= self._good_until:
                async with asyncio.timeout_at(deadline):
                    await asyncio.shield(question)
        return {"x-ms-date": _date(int(now)), "Authorization": f"Bearer {self._token}"}

    async def close(self) -> None:
        """Close the credential."""
        if self._question is not None:
            self._question.cancel()
            await asyncio.gather(self._question, return_exceptions=True)
        await self._credential.close()

    def _asked(self, now: float) -> asyncio.Task[None]:
        if self._question is None:
            self._ask_at = now + _ASK_AGAIN_SECONDS
            self._question = asyncio.create_task(self._ask())
            self._question.add_done_callback(self._answered)
        return self._question

    def _answered(self, question: asyncio.Task[None]) -> None:
        self._question = None
        if not question.cancelled():
            question.exception()  # raised by those that wait; if none does, the last token is still valid

    async def _ask(self) -> None:
        from azure.core.exceptions import AzureError  # noqa: PLC0415  loaded with the credential

        try:
            async with asyncio.timeout(_ANSWER_SECONDS):
                token = await self._credential.get_token(_SCOPE)
        except (AzureError, TimeoutError) as error:  # its text may quote the answer of the identity's endpoint
            raise NoToken(type(error).__name__) from None
        self._token, self._good_until = token.token, token.expires_on - _LEFT_SECONDS


def token_credential(setting: str, identity: Identity) -> "AsyncTokenCredential":
    """Return the credential of an identity; where Azure provides a managed identity, that is used directly.

    Raises:
        SettingsError: the identity's settings contradict what Azure provides.
    """
    # A cold start by key does not wait for it; it would double.
    from azure.identity.aio import DefaultAzureCredential, ManagedIdentityCredential  # noqa: PLC0415

    try:
        if identity.is_managed:
            return ManagedIdentityCredential(client_id=identity.client_id)
        return DefaultAzureCredential(managed_identity_client_id=identity.client_id)
    except ValueError:
        raise SettingsError(f"{setting} is reached by an identity that Azure cannot find: check its clientId") from None


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
