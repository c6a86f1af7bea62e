"""Publish events to an Event Grid topic, unchanged."""

import io
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

import aiohttp
import msgspec
from azure.core.credentials import AzureKeyCredential
from azure.eventgrid.aio import EventGridPublisherClient

from acsevents.failures import OutOfReach, Refused, Unusable
from shared.events.envelope import Schema

CONTENT_TYPES: Final[Mapping[Schema, str]] = {
    "EventGridSchema": "application/json; charset=utf-8",
    "CloudEventSchemaV1_0": "application/cloudevents-batch+json; charset=utf-8",
}
_SECONDS: Final = 30.0
_UNAUTHORIZED: Final = (401, 403)
_NOT_FOUND: Final = 404
_SERVER_ERROR: Final = 500


async def publish(endpoint: str, key: str, events: Sequence[dict[str, Any]]) -> None:
    """Publish events, all of one schema, to the topic at an endpoint.

    Raises:
        azure.core.exceptions.AzureError: the topic cannot be reached, or refuses events in Event Grid schema.
        Failure: the topic cannot be reached, or refuses CloudEvents.
    """
    if not any("specversion" in event for event in events):
        async with EventGridPublisherClient(endpoint, AzureKeyCredential(key)) as client:
            await client.send(list(events))
        return
    # EventGridPublisherClient 4.22 truncates a CloudEvent's time to microseconds, which would make it another event.
    async with Topic(endpoint, key) as topic:
        await topic.post("CloudEventSchemaV1_0", [msgspec.json.encode(event) for event in events])


class Topic:
    """A topic that publishes texts of events unchanged; use as an async context manager."""

    def __init__(self, endpoint: str, key: str) -> None:
        self._endpoint = endpoint
        self._key = key
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS))

    async def __aenter__(self) -> Self:
        """Return the topic; the first request opens a connection."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close all connections."""
        await self._session.close()

    async def post(self, schema: Schema, texts: Sequence[bytes]) -> None:
        """Publish texts of events, all of one schema, in one request.

        Raises:
            Unusable: the endpoint is not a URL.
            Refused: the topic refuses the events; the message says why.
            OutOfReach: the topic is unreachable or busy, or refuses the key.
        """
        body = io.BytesIO(b"[" + b",".join(texts) + b"]")  # aiohttp warns about bytes over 1 MiB
        headers = {"aeg-sas-key": self._key, "Content-Type": CONTENT_TYPES[schema]}
        try:
            async with self._session.post(self._endpoint, data=body, headers=headers, allow_redirects=False) as answer:
                status, problem = answer.status, _problem(await answer.text())
        except aiohttp.InvalidURL:
            raise Unusable(f"{self._endpoint} is not a URL: correct --endpoint or EVENT_GRID_ENDPOINT") from None
        except (aiohttp.ClientError, TimeoutError) as error:
            raise OutOfReach(
                f"no topic at {self._endpoint} ({type(error).__name__}): start one with `acsevents up`, or correct "
                "--endpoint or EVENT_GRID_ENDPOINT"
            ) from error
        if status < 300:  # noqa: PLR2004  a redirect is not a success
            return
        if status in _UNAUTHORIZED:
            raise OutOfReach(f"the topic refuses the key: correct --key or EVENT_GRID_KEY{problem}")
        if status == _NOT_FOUND:
            raise Refused(f"there is no topic at {self._endpoint}: its URL ends with /api/events{problem}")
        if status >= _SERVER_ERROR:
            raise OutOfReach(f"the topic is failing ({status}): try again in a minute{problem}")
        raise Refused(f"the topic answered {status}{problem}")


def _problem(answer: str) -> str:
    """Return the message of the topic's error document, with a colon before it, or an empty string."""
    try:
        return f" ({msgspec.json.decode(answer)['error']['message']})"
    except (msgspec.DecodeError, KeyError, TypeError):
        return ""
