"""Who may publish: the holder of the topic's key, or of a token signed with it.

https://learn.microsoft.com/azure/event-grid/authenticate-with-access-keys-shared-access-signatures
"""

import base64
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote

# Public on purpose, as Azurite's account key is: the topic listens on 127.0.0.1 only.
LOCAL_KEY = base64.b64encode(b"the local topic's well-known key").decode()


def authorised(headers: Mapping[str, str], key: str) -> bool:
    """Tell whether `aeg-sas-key` is the key, or `aeg-sas-token` is signed with it and not expired.

    The resource that a token names is not compared: there is only one topic.
    """
    if "aeg-sas-key" in headers:
        return hmac.compare_digest(headers["aeg-sas-key"].encode(errors="replace"), key.encode())
    return "aeg-sas-token" in headers and _signed(headers["aeg-sas-token"], key)


def _signed(token: str, key: str) -> bool:
    unsigned, _, signature = token.rpartition("&s=")
    try:
        digest = hmac.digest(base64.b64decode(key, validate=True), unsigned.encode(), "sha256")
        expires = datetime.fromisoformat(parse_qs(unsigned)["e"][0])
    except (
        ValueError,
        KeyError,
    ):  # a key that is not base64; an expiry missing or not as the Python SDK writes it
        return False
    expires = expires if expires.tzinfo else expires.replace(tzinfo=UTC)
    right = hmac.compare_digest(unquote(signature).encode(errors="replace"), base64.b64encode(digest))
    return right and expires > datetime.now(UTC)
