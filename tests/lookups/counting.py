"""Count the requests of lookups."""

from typing import Any

import pytest

from shared.lookups import Lookups


def count_requests(lookups: Lookups, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return a list that gets the URL of each request from now on."""
    requests: list[str] = []
    transport = lookups._client._client._client._pipeline._transport
    send = transport.send

    async def counted(request: Any, **options: Any) -> Any:
        requests.append(request.url)
        return await send(request, **options)

    monkeypatch.setattr(transport, "send", counted)
    return requests
