"""Events of all partitions of `Timeline`, newest first, on Azurite."""

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.data.tables.aio import TableClient, TableServiceClient

from acsevents.local.azurite import Azurite
from shared.decoder import decode
from shared.events.timestamps import Instant
from shared.lookups import EventLine, EventQuery, Handle, Lookups
from shared.rows.records import places_of
from shared.rows.timeline import SHARDS, partition_of
from shared.storage.account import Account
from tests.lookups.counting import count_requests
from tests.storage.events import chat, event
from tests.storage.opening import opened_sink
from tests.storage.test_lookups import ODD_IDS

NOON = Instant.parse("2026-01-02T12:00:00Z").ticks
MINUTE = 60 * 10_000_000


@pytest.fixture(name="lookups")
async def _lookups(account: Account) -> AsyncIterator[Lookups]:
    async with Lookups(account) as lookups:
        yield lookups


@pytest.fixture(name="timeline")
async def _timeline(account: Account, azurite: Azurite) -> AsyncIterator[TableClient]:
    """Create the table, to be filled without records."""
    assert account
    async with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        yield await service.create_table_if_not_exists("Timeline")


@pytest.fixture(name="requests")
def _requests(lookups: Lookups, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the URLs of all requests that the lookups make."""
    return count_requests(lookups, monkeypatch)


def handle(number: int, ticks: int) -> Handle:
    """Return the handle of a numbered event in one of the shards."""
    return Handle(number % 4, ticks, f"{number:016x}")


async def fill(table: TableClient, handles: list[Handle], **columns: object) -> None:
    """Write rows of `Timeline`, one transaction per partition."""
    partitions: dict[str, list[dict[str, object]]] = {}
    for one in handles:
        partition, row_key = one.key
        row = {"PartitionKey": partition, "RowKey": row_key, "Kind": "sms.received", **columns}
        partitions.setdefault(partition, []).append(row)
    for rows in partitions.values():
        for start in range(0, len(rows), 100):
            await table.submit_transaction([("upsert", row) for row in rows[start : start + 100]])


async def handles_of(lines: AsyncIterator[EventLine]) -> list[str]:
    """Return the handles of the wanted events."""
    return [line.handle async for line in lines]


async def test_shards_and_minutes_are_merged_newest_first(timeline: TableClient, lookups: Lookups) -> None:
    """Events of all shards and minutes are returned in order, even those of the same tick."""
    handles = [handle(number, NOON + (number * 7_919 % 300) * MINUTE // 10) for number in range(200)]
    await fill(timeline, handles)
    asked = await handles_of(lookups.lines(EventQuery()))

    assert {str(one) for one in handles} == set(asked)
    assert len(asked) == len(handles)
    times = [Handle.parse(one).ticks for one in asked]
    assert sorted(times, reverse=True) == times


@pytest.mark.parametrize("limit", [1, 2, 5, 100])
async def test_a_limit_takes_the_newest_of_all_shards(timeline: TableClient, lookups: Lookups, limit: int) -> None:
    """The limit applies to the merged events, not to each shard."""
    handles = [handle(number, NOON - number * MINUTE // 7) for number in range(20)]
    await fill(timeline, handles)

    assert [str(one) for one in handles[:limit]] == await handles_of(lookups.lines(EventQuery(), limit))


@pytest.mark.parametrize("tick", [-MINUTE, -1, 0, 1, MINUTE])
async def test_since_and_until_are_exact_to_the_tick(timeline: TableClient, lookups: Lookups, tick: int) -> None:
    """`since` is included and `until` excluded, within a minute and at its edges."""
    ticks = (*range(-2, 3), -MINUTE, MINUTE, -MINUTE - 1, MINUTE + 1)
    handles = [handle(number, NOON + after) for number, after in enumerate(ticks)]
    await fill(timeline, handles)
    since = await handles_of(lookups.lines(EventQuery(since=NOON + tick)))
    until = await handles_of(lookups.lines(EventQuery(until=NOON + tick)))

    assert {str(one) for one in handles if one.ticks >= NOON + tick} == set(since)
    assert {str(one) for one in handles if one.ticks < NOON + tick} == set(until)


async def test_a_question_about_minutes_reads_those_minutes_and_no_others(
    timeline: TableClient, lookups: Lookups, requests: list[str]
) -> None:
    """It takes one request per shard, among more rows than one response holds."""
    await fill(timeline, [handle(number, NOON - 60 * MINUTE) for number in range(5_000)])
    await fill(timeline, [handle(number, NOON) for number in range(8)])
    asked = await handles_of(lookups.lines(EventQuery(since=NOON - 10 * MINUTE)))

    assert (8, 4) == (len(asked), len(requests))


async def test_where_one_shard_fails_nobody_asks_on_behind_its_back(
    lookups: Lookups, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A question that is left waiting would keep the command from ending."""
    asked, stopped = list[str](), list[str]()

    async def rows(table: str, *_: Any, **__: Any) -> AsyncIterator[Any]:
        asked.append(table)
        if len(asked) == len(stopped) + SHARDS:
            raise ServiceRequestError("out of reach")
        try:
            await asyncio.Event().wait()
            yield {}
        finally:
            stopped.append(table)

    monkeypatch.setattr(lookups, "rows", rows)
    with pytest.raises(ServiceRequestError):
        await handles_of(lookups.lines(EventQuery()))

    assert ["Timeline"] * (SHARDS - 1) == stopped
    assert {asyncio.current_task()} == asyncio.all_tasks()


async def test_memory_does_not_grow_with_the_answer(timeline: TableClient, lookups: Lookups) -> None:
    """Four thousand events take as much memory as one thousand, since each page is dropped before the next."""

    async def peak(since: int) -> int:
        tracemalloc.start()
        async for _ in lookups.lines(EventQuery(since=since, until=since + MINUTE)):
            pass
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    await fill(timeline, [Handle(0, NOON + number, f"{number:016x}") for number in range(4_000)], Body="x" * 250)
    few = [Handle(0, NOON + MINUTE + number, f"{number:016x}") for number in range(1_000)]
    await fill(timeline, few, Body="x" * 250)
    await peak(NOON + MINUTE)  # the first question makes connections

    assert await peak(NOON) < 1.5 * await peak(NOON + MINUTE)


@pytest.mark.parametrize("odd", ODD_IDS)
async def test_ids_are_values_and_never_syntax(odd: str, account: Account, lookups: Lookups) -> None:
    """Ids with quotes, operators and wildcards match their own events and no others."""
    report = {"messageId": odd, "from": odd, "to": "+15550001111", "deliveryStatus": odd}
    texts = [
        chat(threadId=odd, senderId=odd),
        chat("other", threadId="other", senderId="other"),
        event("SMSDeliveryReportReceived", report),
        event("SMSDeliveryReportReceived", {**report, "from": "other", "deliveryStatus": "other"}, id="other"),
    ]
    async with opened_sink(account) as sink:
        await asyncio.gather(*(sink.receive(text, function="sms_events") for text in texts))
    expected = {text: str(Handle.of_record(*_first_place(text))) for text in texts}

    assert [expected[texts[0]]] == await handles_of(lookups.lines(EventQuery(thread=odd)))
    assert [expected[texts[0]]] == await handles_of(lookups.lines(EventQuery(user=odd)))
    assert [expected[texts[2]]] == await handles_of(lookups.lines(EventQuery(status=odd)))
    if odd.strip():
        assert [expected[texts[2]]] == await handles_of(lookups.lines(EventQuery(number=odd)))


def _first_place(text: str) -> tuple[str, str]:
    _, partition, row_key = places_of(decode(text))[0]
    return partition, row_key


async def test_texts_that_the_time_line_cuts_are_marked(account: Account, lookups: Lookups) -> None:
    """A cut text ends with an ellipsis; the event itself has the whole text."""
    async with opened_sink(account) as sink:
        await sink.receive(chat(messageBody="x" * 300), function="sms_events")
        await sink.receive(chat("short", messageBody="y" * 200), function="sms_events")
    shown = {line.what: line.handle async for line in lookups.lines(EventQuery())}

    assert {"x" * 256 + "…", "y" * 200} == set(shown)
    assert {"x" * 300, "y" * 200} == {
        line.what async for line in lookups.lines(EventQuery(thread="19:thread@thread.v2"))
    }
    whole = await lookups.event(Handle.parse(shown["x" * 256 + "…"]))
    assert whole is not None
    assert json.loads(whole.text or "") == json.loads(chat(messageBody="x" * 300))


async def test_a_time_line_row_without_its_record_is_told_as_such(timeline: TableClient, lookups: Lookups) -> None:
    """A row in `Timeline` may be written while its record is not."""
    one = handle(1, NOON)
    rows = json.dumps([["SmsEvents", "+1", "x"], ["SmsMessages", "+1", "y"]])
    await fill(timeline, [one], Rows=rows, Body="hello")
    told = await lookups.event(one)

    assert told is not None
    assert told.text is None
    assert {"Kind", "Body", "Timestamp"} == told.columns.keys()
    assert "hello" == told.columns["Body"]
    assert [True, False, False] == [place.found for place in told.rows]
    assert partition_of(one.shard, NOON) == told.rows[0].partition_key


async def test_an_event_older_than_the_time_line_is_found_all_the_same(
    account: Account, azurite: Azurite, lookups: Lookups
) -> None:
    """By its handle, from a query of its owner's partition."""
    async with opened_sink(account) as sink:
        await sink.receive(chat(), function="sms_events")
    async with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        await service.delete_table("Timeline")
    (asked,) = await handles_of(lookups.lines(EventQuery(thread="19:thread@thread.v2")))
    told = await lookups.event(Handle.parse(asked))

    assert told is not None
    assert json.loads(chat()) == json.loads(told.text or "")
    assert [("ChatThreadEvents", True)] == [(place.table, place.found) for place in told.rows]
    assert await lookups.event(handle(1, NOON)) is None


async def test_occurrences_are_counted_without_what_they_say(lookups: Lookups, timeline: TableClient) -> None:
    """Since a time, newest first; a row that is not ours hides no other."""
    handles = [handle(number, NOON + number * MINUTE) for number in range(9)]
    await fill(timeline, handles, Body="not asked for")
    partition, row_key = handles[5].key
    await timeline.create_entity(
        {"PartitionKey": partition, "RowKey": f"{row_key[:20]}not ours", "Kind": "sms.received"}
    )

    found = [one async for one in lookups.occurrences(NOON + 3 * MINUTE)]

    assert found == [(one, "sms.received") for one in reversed(handles[3:])]
    assert lookups.unreadable == {"Timeline"}


async def test_a_row_that_is_not_ours_hides_no_event(lookups: Lookups, timeline: TableClient) -> None:
    """Its table is remembered, for a note at the end."""
    handles = [handle(number, NOON - number) for number in range(3)]
    await fill(timeline, handles)
    await timeline.create_entity({"PartitionKey": handles[0].key[0], "RowKey": "0", "Kind": "sms.received"})

    assert [str(one) for one in handles] == await handles_of(lookups.lines(EventQuery()))
    assert {"Timeline"} == lookups.unreadable
