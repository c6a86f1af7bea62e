"""Erase, where rows are dead letters, damaged, of an older version or point to what has gone."""

import json

from acsevents.operations.stored_rows import StoredRows, table_row
from acsevents.operations.whom import Target
from shared.catalogue import DEAD_LETTERS, TIMELINE
from shared.decoder import decode
from shared.errors import UnsupportedType
from shared.rows.dead_letters import dead_letter
from shared.rows.records import TableRow, record_rows
from shared.storage.account import Account
from tests.operations.erasing import about, erase_now, kept, traces
from tests.operations.people import ACS_USER, OTHERS
from tests.operations.world import world


async def test_dead_letters_and_unreadable_rows_that_hold_them_go(account: Account, stored: StoredRows) -> None:
    """In any escape; those of others stay."""
    theirs: list[str | bytes] = [
        json.dumps({"who": ACS_USER.raw_id}),
        "".join(f"\\u{ord(character):04X}" for character in ACS_USER.raw_id),
        ACS_USER.raw_id.encode("utf-16"),
        f"%%{ACS_USER.raw_id.replace(':', '%3A')}" * 2_000,
    ]
    for number, text in enumerate(theirs):
        await stored.put(dead_letter("sms_events", text, UnsupportedType("unknown")))
        packed = dead_letter("sms_events", text, UnsupportedType("unknown")).entity
        await stored.put(table_row("SmsEvents", {**packed, "PartitionKey": "p", "RowKey": str(number)}))
    await stored.put(table_row("ChatUserEvents", {"PartitionKey": ACS_USER.raw_id, "RowKey": "no record's"}))
    await stored.put(table_row("SmsMessages", {"PartitionKey": "p", "RowKey": "r", "SenderId": ACS_USER.raw_id}))
    others = [
        dead_letter("sms_events", json.dumps({"who": OTHERS[0].raw_id}), UnsupportedType("unknown")),
        table_row("SmsEvents", {"PartitionKey": "=FF", "RowKey": "r", "Raw": "no JSON"}),
    ]
    for row in others:
        await stored.put(row)
    done = await erase_now(stored, Target("user", ACS_USER.raw_id))

    assert set(world(account)) == {row.place for row in others}
    assert done.removed == {"SmsEvents": 4, DEAD_LETTERS: 4, "ChatUserEvents": 1, "SmsMessages": 1}


async def test_rows_that_cannot_be_searched_are_counted_and_stay(account: Account, stored: StoredRows) -> None:
    """A damaged text may hold anybody."""
    for table in ("SmsEvents", DEAD_LETTERS):
        await stored.put(table_row(table, {"PartitionKey": "p", "RowKey": "r", "RawZ0": b"damaged"}))
    before = world(account)
    done = await erase_now(stored, Target("user", ACS_USER.raw_id))

    assert done.unsearchable == {"SmsEvents": 1, DEAD_LETTERS: 1}
    assert world(account) == before


async def test_rows_of_an_older_version_are_judged_by_text_and_columns(account: Account, stored: StoredRows) -> None:
    """Where keys and columns are not today's: a mention keeps its place, a stale column of theirs counts."""
    *_, record, pointer = ["", *record_rows(decode(about(ACS_USER)))]
    assert isinstance(record, TableRow)
    assert isinstance(pointer, TableRow)
    key = str(record.entity["RowKey"])[:-16] + "0123456789abcdef"
    await stored.put(table_row(record.table, {**record.entity, "RowKey": key, "RecordVersion": 1}))
    await stored.put(table_row("ChatUserEvents", {**record.entity, "SenderId": ACS_USER.raw_id}))
    await erase_now(stored, Target("user", ACS_USER.raw_id))
    after = world(account)

    assert traces(after, ACS_USER) == []
    assert (record.table, record.entity["PartitionKey"], key) in after
    assert kept(after) == {record.table: 1, TIMELINE: 1}
    (pointing,) = [row for place, row in after.items() if place[0] == TIMELINE]
    assert json.loads(str(pointing["Rows"][1])) == [[record.table, record.partition, key]]


async def test_what_points_to_a_record_that_has_gone_is_mended(stored: StoredRows) -> None:
    """By its own columns: theirs go, the initiator is erased, what others wrote stays."""
    keys = {"PartitionKey": "0~2516641305599999999", "Kind": "message.received"}
    for number, columns in enumerate(
        (
            {"SenderId": ACS_USER.raw_id},
            {"Rows": json.dumps([["ChatUserEvents", ACS_USER.raw_id, "1~2"]])},
            {"InitiatorId": ACS_USER.raw_id, "ThreadTopic": "t"},
            {"Body": f"ask {ACS_USER.raw_id}"},
            {"SenderId": OTHERS[0].raw_id},
        )
    ):
        await stored.put(table_row(TIMELINE, {**keys, "RowKey": str(number), **columns}))
    planned = await erase_now(stored, Target("user", ACS_USER.raw_id), dry_run=True)
    done = await erase_now(stored, Target("user", ACS_USER.raw_id))
    left = {row.entity["RowKey"]: row.entity async for row in stored.scan(TIMELINE)}

    assert sorted(left) == ["2", "3", "4"]
    assert (left["2"]["InitiatorId"], left["2"]["ThreadTopic"]) == ("erased", "t")
    assert left["2"]["Redacted"] == "2026-03-04T05:06:07.0000000Z"
    assert (done.removed, done.redacted) == ({TIMELINE: 2}, {TIMELINE: 1}) == (planned.removed, planned.redacted)
