"""How a request proves who sends it: account key, shared access signature or managed identity.

https://learn.microsoft.com/rest/api/storageservices/authorize-with-shared-key
"""

import base64
import hmac
from email.utils import formatdate
from typing import Protocol

from azure.core.credentials import AzureNamedKeyCredential, AzureSasCredential
from azure.core.credentials_async import AsyncTokenCredential

_SCOPE = "https://storage.azure.com/.default"

Credential = AzureNamedKeyCredential | AzureSasCredential | AsyncTokenCredential


class Authorization(Protocol):
    """What authorizes requests.

    Attributes:
        query: what to append to every URL.
    """

    query: str

    async def headers(self, path: str) -> dict[str, str]:
        """Tell the headers that authorize a request for an URL path, percent-encoded as on the wire."""
        ...


def authorization(credential: Credential) -> Authorization:
    """Choose how to authorize by the kind of credential."""
    if isinstance(credential, AzureNamedKeyCredential):
        return SharedKeyLite(credential)
    if isinstance(credential, AzureSasCredential):
        return SharedAccessSignature(credential)
    return Bearer(credential)


class SharedKeyLite:
    """Signs date and path with the account key."""

    query = ""

    def __init__(self, credential: AzureNamedKeyCredential) -> None:
        self._name = credential.named_key.name
        self._key = base64.b64decode(credential.named_key.key)

    async def headers(self, path: str) -> dict[str, str]:
        """Sign the request."""
        date = formatdate(usegmt=True)
        signature = hmac.digest(self._key, f"{date}\n/{self._name}{path}".encode(), "sha256")
        return {
            "x-ms-date": date,
            "Authorization": f"SharedKeyLite {self._name}:{base64.b64encode(signature).decode()}",
        }


class SharedAccessSignature:
    """Carries its proof in every URL."""

    def __init__(self, credential: AzureSasCredential) -> None:
        self.query = "?" + credential.signature.lstrip("?")

    async def headers(self, path: str) -> dict[str, str]:  # noqa: ARG002  the signature covers no path
        """Add nothing but the date."""
        return {"x-ms-date": formatdate(usegmt=True)}


class Bearer:
    """Sends a token of a managed identity; the credential keeps and renews it."""

    query = ""

    def __init__(self, credential: AsyncTokenCredential) -> None:
        self._credential = credential

    async def headers(self, path: str) -> dict[str, str]:  # noqa: ARG002  a token covers no path
        """Add the token."""
        token = await self._credential.get_token(_SCOPE)
        return {"x-ms-date": formatdate(usegmt=True), "Authorization": f"Bearer {token.token}"}
