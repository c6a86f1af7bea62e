"""Publish events to an Event Grid topic, unchanged."""

import io
from collections.abc import Sequence
from typing import Any

import aiohttp
import msgspec
from azure.core.credentials import AzureKeyCredential
from azure.eventgrid.aio import EventGridPublisherClient

from acsevents.local import LocalStackError


async def publish(endpoint: str, key: str, events: Sequence[dict[str, Any]]) -> None:
    """Publish events, all of one schema, to the topic at an endpoint.

    Raises:
        azure.core.exceptions.AzureError: the topic cannot be reached or refuses Event Grid schema events.
        LocalStackError: the topic refuses CloudEvents.
    """
    if not any("specversion" in event for event in events):
        async with EventGridPublisherClient(endpoint, AzureKeyCredential(key)) as client:
            await client.send(list(events))
        return
    # EventGridPublisherClient (4.22) cuts the time of a CloudEvent to microseconds: that would be another event.
    body = io.BytesIO(msgspec.json.encode(list(events)))  # aiohttp warns of bytes over 1 MiB
    headers = {"aeg-sas-key": key, "Content-Type": "application/cloudevents-batch+json; charset=utf-8"}
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30)) as session,
        session.post(endpoint, data=body, headers=headers) as answer,
    ):
        if not answer.ok:
            raise LocalStackError(f"the topic answered {answer.status}: {await answer.text()}")
