"""All records, as an export writes them."""

import json
from typing import Any

from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite
from shared.decoder import decode
from shared.lookups import Lookups
from shared.rows.records import record_columns
from shared.storage.account import Account
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
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        service.get_table_client("SmsEvents").upsert_entity({"PartitionKey": "+1", "RowKey": "0", "Kind": "damaged"})
    records, notes = await recorded(account)

    assert [json.loads(sms())] == [json.loads(record["Raw"]) for record in records]
    assert ["rows of SmsEvents that cannot be read are left out"] == notes
