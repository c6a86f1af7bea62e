"""The validation handshake: only a webhook that accepts it receives events."""

from pathlib import Path

import pytest
from aiohttp import web

from acsevents.local import LocalStackError
from acsevents.local.event_grid import EventGrid
from tests.event_grid.rehearsal import Host, serving, subscription


async def _start(host: Host, folder: Path, schema: str) -> None:
    chosen = subscription("mine", policy={"event_delivery_schema": schema})
    async with EventGrid.start(subscriptions=[chosen], webhook=host.url, dead_letter_folder=folder):
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
    """Only 200 with the code in `validationResponse` passes; the error names the subscription and says what to do."""
    async with serving() as host:
        host.shake = lambda _code: answer
        with pytest.raises(LocalStackError, match=rf"'mine'.*{problem}.*start the Functions host"):
            await _start(host, tmp_path, "EventGridSchema")


@pytest.mark.parametrize(("origin", "allowed"), [("*", True), ("eventgrid.azure.net", True), ("example.org", False)])
async def test_a_cloud_events_webhook_must_allow_the_origin(tmp_path: Path, origin: str, *, allowed: bool) -> None:
    """Without `WebHook-Allowed-Origin` for Event Grid there is no subscription."""
    async with serving() as host:
        host.origin = origin
        if allowed:
            await _start(host, tmp_path, "CloudEventSchemaV1_0")
            return
        with pytest.raises(LocalStackError, match=r"'mine'.*allowed origin"):
            await _start(host, tmp_path, "CloudEventSchemaV1_0")


@pytest.mark.parametrize("schema", ["EventGridSchema", "CloudEventSchemaV1_0"])
async def test_a_webhook_that_is_not_there_fails_the_start(tmp_path: Path, schema: str) -> None:
    """The error names the subscription and says what to do."""
    async with serving() as host:
        await host.stop()
        with pytest.raises(LocalStackError, match=r"'mine'.*start the Functions host"):
            await _start(host, tmp_path, schema)
