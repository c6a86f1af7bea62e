"""The validation handshake: only a webhook that wants the events gets them."""

from pathlib import Path

import pytest
from aiohttp import web

from acsevents.local.event_grid import EventGrid, HandshakeError
from tests.event_grid.rehearsal import serving, subscription


async def _start(url: str, folder: Path, schema: str) -> None:
    chosen = subscription("mine", eventDeliverySchema=schema)
    async with EventGrid.start(subscriptions=[chosen], webhook=url, dead_letter_folder=folder):
        pass


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (web.Response(status=202), "answered 202 instead of 200"),
        (web.Response(status=404), "answered 404 instead of 200"),
        (web.Response(text="no"), "did not echo"),
        (web.Response(text="[1]"), "did not echo"),
        (web.Response(text="{}"), "did not echo"),
        (web.Response(text='{"validationResponse": "other"}'), "did not echo"),
    ],
)
async def test_an_event_grid_webhook_must_echo_the_code(tmp_path: Path, answer: web.Response, problem: str) -> None:
    """Exactly 200 with the code in `validationResponse` is accepted, anything else names subscription and cure."""
    async with serving() as host:
        host.shake = lambda _code: answer
        with pytest.raises(HandshakeError, match=rf"'mine'.*{problem}.*start the Functions host"):
            await _start(host.url, tmp_path, "EventGridSchema")


@pytest.mark.parametrize("origin", [None, "example.org"])
async def test_a_cloud_events_webhook_must_allow_the_origin(tmp_path: Path, origin: str | None) -> None:
    """Abuse protection: without `WebHook-Allowed-Origin` for Event Grid there is no subscription."""
    async with serving() as host:
        host.origin = origin
        with pytest.raises(HandshakeError, match=r"'mine'.*allowed origin"):
            await _start(host.url, tmp_path, "CloudEventSchemaV1_0")


@pytest.mark.parametrize("origin", ["*", "eventgrid.azure.net"])
async def test_a_cloud_events_webhook_may_allow_all_origins(tmp_path: Path, origin: str) -> None:
    """Event Grid's own origin or any is fine."""
    async with serving() as host:
        host.origin = origin
        await _start(host.url, tmp_path, "CloudEventSchemaV1_0")
