"""The topic accepts what the real publisher clients send, and refuses what the service refuses."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import ClientAuthenticationError
from azure.core.messaging import CloudEvent
from azure.eventgrid import EventGridEvent, EventGridPublisherClient
from azure.eventgrid.aio import EventGridPublisherClient as AsyncPublisherClient

from acsevents.local.event_grid import LOCAL_KEY, LOCAL_TOPIC, EventGrid
from tests.event_grid.rehearsal import cloud_event, event, post, rehearsal

BATCH = "application/cloudevents-batch+json; charset=utf-8"
ONE = "application/cloudevents+json"
LIMIT = 1_048_576


def _sms(text: str = "hé 😀") -> EventGridEvent:
    return EventGridEvent(
        subject="/phonenumber/1", event_type="Microsoft.Communication.SMSReceived", data={"m": text}, data_version="1.0"
    )


async def _publish(grid: EventGrid, events: Any, key: str) -> None:
    async with AsyncPublisherClient(grid.endpoint, AzureKeyCredential(key)) as client:
        await client.send(events)


async def test_the_sync_publisher_client_publishes_event_grid_events(tmp_path: Path) -> None:
    """The event arrives with `topic` and `metadataVersion` added."""

    def publish(endpoint: str, sent: EventGridEvent) -> None:
        with EventGridPublisherClient(endpoint, AzureKeyCredential(LOCAL_KEY)) as client:
            client.send([sent])

    async with rehearsal(tmp_path) as (grid, host):
        sent = _sms()
        await asyncio.to_thread(publish, grid.endpoint, sent)
        await grid.drain(10)

    [arrived] = host.calls[0].events
    assert arrived["id"] == str(sent.id)
    assert arrived["data"] == {"m": "hé 😀"}
    assert arrived["topic"] == LOCAL_TOPIC
    assert arrived["metadataVersion"] == "1"


async def test_the_async_publisher_client_publishes_cloud_events(tmp_path: Path) -> None:
    """A CloudEvent arrives unchanged."""
    async with rehearsal(tmp_path) as (grid, host):
        sent = CloudEvent(source="/acs", type="Microsoft.Communication.SMSReceived", data={"m": "x"})
        await _publish(grid, [sent], LOCAL_KEY)
        await grid.drain(10)

    [arrived] = host.calls[0].events
    assert (arrived["id"], arrived["source"], arrived["data"]) == (sent.id, "/acs", {"m": "x"})
    assert "metadataVersion" not in arrived
    assert host.calls[0].headers["content-type"] == "application/cloudevents+json; charset=utf-8"


async def test_a_single_cloud_event_needs_no_array(tmp_path: Path) -> None:
    """`application/cloudevents+json` means one object."""
    async with rehearsal(tmp_path) as (grid, host):
        assert (await post(grid, cloud_event("7"), ONE)).status == 200
        await grid.drain(10)

    assert host.delivered == ["7"]


async def test_the_text_of_an_event_is_not_rewritten(tmp_path: Path) -> None:
    """Numbers, escapes, spaces, member order, repeated members and lone surrogates arrive as published."""
    sent = (
        rb'{ "id":"1", "topic":"/t", "eventType":"T","eventTime":"now", "subject":"\u002fs","metadataVersion":"1",'
        rb' "dataVersion":"", "data":{"n":[1e2, 1.0, -0, 1e999, '
        + b"9" * 5000
        + rb'], "half":"\ud83d","a":1,"a":2,"e":"\u00e9'
        + "é😀".encode()
        + rb'"} }'
    )
    async with rehearsal(tmp_path) as (grid, host):
        assert (await post(grid, b" [" + sent + b"\n] ")).status == 200
        await grid.drain(10)

    assert host.calls[0].text == f"[{sent.decode()}]"


async def test_a_wrong_key_is_refused(tmp_path: Path) -> None:
    """Without the topic's key the SDK raises its authentication error, and nothing is delivered."""
    async with rehearsal(tmp_path) as (grid, host):
        with pytest.raises(ClientAuthenticationError, match="Send the topic's key"):
            await _publish(grid, [_sms()], "wrong")

        assert grid.counts["published"] == 0
    assert host.calls == []


def _without(name: str) -> list[Any]:
    return [{key: value for key, value in event().items() if key != name}]


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (b"", "application/json", "not a JSON array"),
        (b"{", "application/json", "not a JSON array"),
        (b"[{},]", "application/json", "not a JSON array"),
        (b"[] x", "application/json", "not a JSON array"),
        (b"[NaN]", "application/json", "not a JSON array"),
        (b'["\xff"]', "application/json", "not a JSON array"),
        (b"\xef\xbb\xbf[]", "application/json", "not a JSON array"),
        (b"[" * 100_000, "application/json", "nested too deeply"),
        (event(), "application/json", "not a JSON array"),
        ([1], "application/json", "not a JSON object"),
        (_without("id"), "application/json", "'id'"),
        (_without("eventType"), "application/json", "'eventType'"),
        ([event(), event(id=1)], "application/json", "Event 1 has no string 'id'"),
        ([cloud_event()], "application/json", "'eventType'"),
        ([event()], BATCH, "'source'"),
        ([cloud_event(type=None)], BATCH, "'type'"),
        ([cloud_event()], ONE, "not a JSON object"),
    ],
)
async def test_bad_input_is_answered_400_in_the_service_s_shape(
    tmp_path: Path, body: Any, content_type: str, problem: str
) -> None:
    """Every invalid body gets 400, the service's error document, and a message that says what to change."""
    async with rehearsal(tmp_path) as (grid, _):
        answer = await post(grid, body, content_type)
        assert grid.counts["published"] == 0

    error = json.loads(answer.text)["error"]
    assert answer.status == 400
    assert error["code"] == "BadRequest"
    assert error["details"] == [{"code": "InputJsonInvalid", "message": error["message"]}]
    assert problem in error["message"]


@pytest.mark.parametrize(("size", "status"), [(LIMIT, 200), (LIMIT + 1, 413), (LIMIT * 3, 413)])
async def test_more_than_a_megabyte_is_refused(tmp_path: Path, size: int, status: int) -> None:
    """An array of exactly 1,048,576 bytes is taken, one byte more is answered 413 in the service's shape."""
    padding = size - len(json.dumps([event(data="")]))
    async with rehearsal(tmp_path) as (grid, host):
        answer = await post(grid, [event(data="x" * padding)])
        await grid.drain(10)

    assert answer.status == status
    assert len(host.calls) == (status == 200)
    if status == 413:
        assert json.loads(answer.text)["error"]["details"][0]["code"] == "PayloadTooLarge"
