"""Delivery: at least once, retried as documented, then dead-lettered."""

from pathlib import Path

import pytest

from acsevents.local import LocalStackError
from acsevents.local.event_grid import NotDrained
from acsevents.local.event_grid.delivery import CONCURRENCY
from tests.event_grid.rehearsal import cloud_event, dead_letters, event, post, rehearsal, subscription


async def test_a_delivery_carries_the_documented_headers(tmp_path: Path) -> None:
    """Headers are those of Azure, and the query names the function."""
    async with rehearsal(tmp_path, subscription("My-Events")) as (grid, host):
        await post(grid, [event()])
        await grid.drain(10)

    [call] = host.calls
    assert call.function == "record"
    assert call.headers["content-type"] == "application/json; charset=utf-8"
    assert call.headers["aeg-event-type"] == "Notification"
    assert call.headers["aeg-subscription-name"] == "MY-EVENTS"
    assert call.headers["aeg-delivery-count"] == "0"
    assert call.headers["aeg-metadata-version"] == "1"
    assert call.headers["aeg-data-version"] == "1.0"
    assert len(call.headers["aeg-output-event-id"]) == 36


async def test_a_strange_data_version_cannot_break_a_header(tmp_path: Path) -> None:
    """No value of `dataVersion` adds a header or prevents the delivery."""
    async with rehearsal(tmp_path) as (grid, host):
        await post(grid, [event(dataVersion="1\r\nx-evil: yes\ud83d é")])
        await grid.drain(10)

    [call] = host.calls
    assert "x-evil" not in call.headers
    assert call.events[0]["dataVersion"] == "1\r\nx-evil: yes\ud83d é"


async def test_an_event_grid_event_is_delivered_as_cloud_event_on_request(tmp_path: Path) -> None:
    """The mapping is the documented one and keeps the text of `data`; with batching it is in an array."""
    cloud = subscription("cloud", policy={"event_delivery_schema": "CloudEventSchemaV1_0"})
    batched = subscription("batched", batch=10, policy={"event_delivery_schema": "CloudEventSchemaV1_0"})
    body = (
        b'[{"id":"1","topic":"/acs","subject":"s","eventType":"T","eventTime":"2024-01-02T03:04:05.1234567Z",'
        rb'"dataVersion":"1.0","data":{"n":1e2,"half":"\ud83d"}}]'
    )
    expected = (
        '{"specversion":"1.0","type":"T","source":"/acs","id":"1","time":"2024-01-02T03:04:05.1234567Z",'
        r'"subject":"s","data":{"n":1e2,"half":"\ud83d"}}'
    )
    async with rehearsal(tmp_path, cloud, batched) as (grid, host):
        await post(grid, body)
        await grid.drain(10)

    calls = {call.headers["aeg-subscription-name"]: call for call in host.calls}
    assert calls["CLOUD"].text == expected
    assert calls["CLOUD"].headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    assert calls["BATCHED"].text == f"[{expected}]"
    assert calls["BATCHED"].headers["content-type"] == "application/cloudevents-batch+json; charset=utf-8"


async def test_cloud_events_stay_cloud_events(tmp_path: Path) -> None:
    """CloudEvents are delivered as CloudEvents, never in one batch with events in Event Grid schema."""
    async with rehearsal(tmp_path, subscription(batch=100)) as (grid, host):
        host.answer = lambda number, _call: 500 if number < CONCURRENCY else 202
        for number in range(30):
            await post(grid, [event(f"e{number}")])
            await post(grid, [cloud_event(f"c{number}")], "application/cloudevents-batch+json")
        await grid.drain(10)

    assert set(host.delivered) == {f"{kind}{number}" for kind in "ec" for number in range(30)}
    for call in host.calls:
        assert len({("specversion" in one) for one in call.events}) == 1


async def test_a_failed_delivery_is_retried_until_accepted(tmp_path: Path) -> None:
    """The delivery count rises with each attempt, from 0, and success ends it."""
    async with rehearsal(tmp_path) as (grid, host):
        host.answer = lambda number, _call: [500, 404, 302, 202][number]
        await post(grid, [event()])
        await grid.drain(10)

    assert [call.headers["aeg-delivery-count"] for call in host.calls] == ["0", "1", "2", "3"]
    assert (grid.counts["delivered"], grid.counts["retried"], grid.counts["dead_lettered"]) == (1, 3, 0)
    assert dead_letters(tmp_path) == []


async def test_batches_never_wait_to_fill(tmp_path: Path) -> None:
    """A single event is delivered at once, even if a batch may have 5,000."""
    async with rehearsal(tmp_path, subscription(batch=5000)) as (grid, host):
        for batch in (["1"], ["2", "3"]):
            await post(grid, [event(event_id) for event_id in batch])
            await grid.drain(10)

    assert [call.ids for call in host.calls] == [["1"], ["2", "3"]]


async def test_a_failed_batch_comes_again_as_a_whole(tmp_path: Path) -> None:
    """One failed event brings back its whole batch."""
    async with rehearsal(tmp_path, subscription(batch=5)) as (grid, host):
        host.answer = lambda number, _call: 500 if number == 0 else 202
        await post(grid, [event(event_id) for event_id in "01234"])
        await grid.drain(10)

    assert [call.ids for call in host.calls] == [[*"01234"]] * 2


@pytest.mark.parametrize(
    ("status", "attempts", "outcome", "reason"),
    [
        (400, 1, "BadRequest", "UndeliverableDueToHttpBadRequest"),
        (403, 1, "Forbidden", "UndeliverableDueToHttpForbidden"),
        (413, 1, "PayloadTooLarge", "UndeliverableDueToHttpRequestEntityTooLarge"),
        (401, 3, "Unauthorized", "MaxDeliveryAttemptsExceeded"),
        (404, 3, "NotFound", "MaxDeliveryAttemptsExceeded"),
        (500, 3, "Busy", "MaxDeliveryAttemptsExceeded"),
    ],
)
async def test_attempts_are_limited_and_some_codes_are_not_retried(
    tmp_path: Path, status: int, attempts: int, outcome: str, reason: str
) -> None:
    """400, 403 and 413 from a function dead-letter the event at once; other statuses only after all attempts."""
    async with rehearsal(tmp_path, subscription(policy={"max_delivery_attempts": 3})) as (grid, host):
        host.answer = lambda _number, _call: status
        await post(grid, [event()])
        await grid.drain(10)

    [letter] = dead_letters(tmp_path)
    assert len(host.calls) == letter["deliveryAttempts"] == attempts
    assert (letter["deadLetterReason"], letter["lastDeliveryOutcome"]) == (reason, outcome)


async def test_time_to_live_ends_retries_at_the_next_attempt(tmp_path: Path) -> None:
    """An event that is too old when its retry is due is dead-lettered without another delivery."""
    brief = subscription(policy={"event_time_to_live_in_minutes": 1})
    async with rehearsal(tmp_path, brief, time_scale=0.002) as (grid, host):  # 1 minute is 0.12 s, 5 minutes 0.6 s
        host.answer = lambda _number, _call: 404
        await post(grid, [event()])
        await grid.drain(10)

    [letter] = dead_letters(tmp_path)
    assert len(host.calls) == 1
    assert letter["deadLetterReason"] == "TimeToLiveExceeded"
    assert letter["deliveryAttempts"] == 1


async def test_no_answer_in_time_is_a_time_out(tmp_path: Path) -> None:
    """A webhook that does not respond in time is tried again."""
    once = subscription(policy={"max_delivery_attempts": 1})
    async with rehearsal(tmp_path, once, response_timeout=0.2) as (grid, host):
        host.silent = True
        await post(grid, [event()])
        await grid.drain(10)

    assert dead_letters(tmp_path)[0]["lastDeliveryOutcome"] == "TimedOut"


async def test_a_webhook_that_is_gone_is_a_socket_error(tmp_path: Path) -> None:
    """A refused connection counts as a failed attempt."""
    once = subscription(policy={"max_delivery_attempts": 2})
    async with rehearsal(tmp_path, once) as (grid, host):
        await host.stop()
        await post(grid, [event()])
        await grid.drain(10)

    [letter] = dead_letters(tmp_path)
    assert (letter["lastDeliveryOutcome"], letter["deliveryAttempts"]) == ("SocketError", 2)


async def test_without_a_dead_letter_destination_events_are_discarded_and_counted(tmp_path: Path) -> None:
    """As in Azure, undeliverable events are then gone; the counts still add up."""
    async with rehearsal(tmp_path, subscription(dead_letters=False)) as (grid, host):
        host.answer = lambda _number, _call: 400
        await post(grid, [event()])
        await grid.drain(10)

    assert (grid.counts["matched"], grid.counts["discarded"], grid.counts["dead_lettered"]) == (1, 1, 0)
    assert dead_letters(tmp_path) == []


async def test_drain_says_how_many_are_left(tmp_path: Path) -> None:
    """If time runs out, the error has the number of undelivered events and says what to do."""
    async with rehearsal(tmp_path, time_scale=1000) as (grid, host):
        host.answer = lambda _number, _call: 500
        await post(grid, [event("1"), event("2")])
        with pytest.raises(NotDrained, match=r"2 events are undelivered after 0\.05 s; wait longer"):
            await grid.drain(0.05)


async def test_a_dead_letter_that_cannot_be_written_is_not_swallowed(tmp_path: Path) -> None:
    """The error ends the block that runs Event Grid, so that no event is lost unnoticed."""
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")

    async def publish() -> None:
        async with rehearsal(blocked) as (grid, host):
            host.answer = lambda _number, _call: 400
            await post(grid, [event()])
            await grid.drain(10)

    with pytest.raises(LocalStackError, match=r"dead letter cannot be written.*Not a directory"):
        await publish()
