"""Rows one by one, on the real Azurite: read as they were written, changed only if nobody else did."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from acsevents.operations.stored_rows import StoredRows, table_row
from shared.decoder import decode
from shared.rows.records import record_rows
from shared.rows.timeline import Place
from shared.sink import Sink
from shared.storage.account import Account
from tests import samples
from tests.storage.edm import by_sdk

ROW = table_row("SmsEvents", {"PartitionKey": "+15555550100", "RowKey": "it's 1", "Body": "hello", "RecordVersion": 1})


@pytest.mark.parametrize("name", samples.NAMES)
async def test_rows_read_as_the_sink_meant_them(name: str, sink: Sink, stored: StoredRows) -> None:
    """Every column of every sample equals what its row is made of, in value and type."""
    text = json.dumps(samples.event(name))
    await sink.receive(text, function="sms_events")

    for row in record_rows(decode(text)):
        found = await stored.get(row.place)
        assert found is not None
        assert found.entity == row.entity
        assert {name: type(value) for name, value in found.entity.items()} == {
            name: type(value) for name, value in row.entity.items()
        }
        assert abs(datetime.now(UTC) - (found.written or datetime.min.replace(tzinfo=UTC))) < timedelta(hours=1)


async def test_a_value_of_another_type_equals_none_of_ours(account: Account, stored: StoredRows) -> None:
    """A number as text, a column of somebody else: such a row is never taken for up to date."""
    odd = {
        "PartitionKey": "p",
        "RowKey": "1",
        "RecordVersion": "1",
        "Version": 1,
        "Kind": 5,
        "Foreign": "x",
        "Raw": True,
    }
    with by_sdk(account) as service:
        service.create_table("SmsEvents").upsert_entity(odd)
    found = await stored.get(("SmsEvents", "p", "1"))

    assert found is not None
    for name in odd.keys() - {"PartitionKey", "RowKey"}:
        assert found.entity[name] != odd[name]
        assert found.entity[name] not in {"1", 1}


async def test_what_is_written_reads_back(stored: StoredRows) -> None:
    """A missing table is created, and a scan finds the row."""
    assert [row async for row in stored.scan("SmsEvents")] == []
    assert await stored.get(ROW.place) is None
    assert await stored.insert(ROW)
    assert not await stored.insert(table_row(ROW.table, {**ROW.entity, "Body": "another"}))
    found = [row async for row in stored.scan("SmsEvents", "PartitionKey eq @p", {"p": "+15555550100"})]

    assert [(row.place, row.entity) for row in found] == [(ROW.place, ROW.entity)]
    assert "hello" not in repr(found)


async def test_only_the_version_that_was_read_is_replaced_or_removed(stored: StoredRows) -> None:
    """Somebody else's later version stays, and so does a row's absence."""
    await stored.put(ROW)
    before = await stored.get(ROW.place)
    await stored.put(table_row(ROW.table, {**ROW.entity, "Body": "later"}))
    assert before is not None

    assert not await stored.replace(ROW, before.etag)
    assert not await stored.delete(before.place, before.etag)
    after = await stored.get(before.place)
    assert after is not None
    assert after.entity["Body"] == "later"
    assert await stored.replace(ROW, after.etag)
    assert await stored.delete(before.place)
    assert not await stored.replace(ROW, after.etag)
    assert await stored.get(before.place) is None


@pytest.mark.parametrize("gone", [0, 1, 5])
async def test_rows_are_removed_together(gone: int, stored: StoredRows) -> None:
    """Also where some of them are gone already."""
    rows = [table_row("Timeline", {"PartitionKey": "p", "RowKey": f"{number}'/"[:-1]}) for number in range(5)]
    for row in rows[gone:]:
        await stored.put(row)
    places: list[Place] = [row.place for row in rows]
    await stored.put(table_row("Timeline", {"PartitionKey": "p", "RowKey": "kept"}))
    await stored.delete_together(places)

    assert [row.place[2] async for row in stored.scan("Timeline")] == ["kept"]
