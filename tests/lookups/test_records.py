"""All records, as an export writes them."""

import json
from typing import Any
from uuid import UUID

from acsevents.local.azurite import Azurite
from shared.decoder import decode
from shared.lookups import Handle, Lookups
from shared.rows.records import record_columns
from shared.storage.account import Account
from tests.lookups.odd_rows import put
from tests.storage.events import chat, sms
from tests.storage.opening import opened_sink


async def recorded(account: Account, since: int | None = None) -> tuple[list[dict[str, Any]], list[str]]:
    """Return all records, and what is noted beside them."""
    notes: list[str] = []
    async with Lookups(account, notes.append) as lookups:
        records = [record async for record in lookups.records(since)]
    return records, notes


async def test_each_event_is_one_record_with_its_text(account: Account) -> None:
    """With its table and all columns; an SMS, which has two rows, is one record."""
    async with opened_sink(account) as sink:
        for text in (sms(), chat()):
            await sink.receive(text, function="sms_events")
    records, notes = await recorded(account)

    assert ["SmsEvents", "ChatThreadEvents"] == [record["Table"] for record in records]
    assert [sms(), chat()] == [record["Raw"] for record in records]
    for record in records:
        columns = record_columns(decode(record["Raw"]))
        assert {name: record[name] for name in columns} == columns
    assert [] == notes


async def test_a_time_leaves_out_older_events(account: Account) -> None:
    """To the tick: an event of that very time is part of the answer."""
    async with opened_sink(account) as sink:
        await sink.receive(sms(), function="sms_events")
    ticks = decode(sms()).ticks

    assert 1 == len((await recorded(account, ticks))[0])
    assert [] == (await recorded(account, ticks + 1))[0]


async def test_a_record_without_a_text_is_left_out_and_noted(account: Account, azurite: Azurite) -> None:
    """It does not hide the others."""
    async with opened_sink(account) as sink:
        await sink.receive(sms(), function="sms_events")
    put(azurite, "SmsEvents", "+1", "0", Kind="damaged")
    records, notes = await recorded(account)

    assert [json.loads(sms())] == [json.loads(record["Raw"]) for record in records]
    assert ["rows of SmsEvents that cannot be read are left out"] == notes


async def test_an_event_whose_row_in_the_time_line_is_damaged_is_told_as_far_as_it_can_be_read(
    account: Account, azurite: Azurite
) -> None:
    """What can be read is shown: a place that cannot be read is none, a drift that cannot is shown as it is."""
    event = decode(sms())
    one = Handle(0, event.ticks, event.digest)
    guid = UUID(int=7)
    for rows in ("no JSON", 7, json.dumps([["SmsEvents"]])):
        put(azurite, "Timeline", *one.key, Kind="sms.received", Rows=rows, Drift="no JSON", Guid=guid)
        async with Lookups(account) as lookups:
            told = await lookups.event(one)

        assert told is not None
        assert [("Timeline", True)] == [(place.table, place.found) for place in told.rows]
        assert ("sms.received", str(guid)) == (told.columns["Kind"], told.columns["Guid"])
        assert (("no JSON",), None) == (told.drift, told.text)
