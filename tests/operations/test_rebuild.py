"""Rebuild, on the real Azurite: whatever an older version left, the tables become what a delivery today would make."""

import asyncio
import json
from collections.abc import Sequence

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acsevents.operations.places import timeline_place
from acsevents.operations.rebuild import Rebuilt, rebuild
from acsevents.operations.stored_rows import StoredRow, StoredRows, table_row
from shared.catalogue import TIMELINE
from shared.decoder import decode
from shared.events.timestamps import Instant
from shared.rows.records import RECORD_VERSION, TableRow, record_rows
from shared.rows.timeline import Place
from shared.sink import Sink
from shared.storage.account import Account
from tests import samples
from tests.operations.world import Cut, Fuse, FusedRows, World, empty, keep, world

NAMES = ("2025/SMSReceived", "2025/SMSDeliveryReportReceived", "2021/ChatThreadCreated", "2020/ChatMessageReceived")
TEXTS = [json.dumps(samples.event(name)) for name in NAMES]
ON_AZURITE = settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
AGES = ("as today", "other columns", "another key", "another partition", "without pointer", "older pointer")


async def age(stored: StoredRows, how: str, row: StoredRow) -> None:
    """Make a record row what an older version of the app may have left."""
    pointer = timeline_place(row.place)
    assert pointer is not None
    if how == "other columns":
        old = {name: value for name, value in row.entity.items() if name not in {"Kind", "OccurredAt"}}
        await stored.put(table_row(row.table, {**old, "RecordVersion": 1, "Subject": "old"}))
    elif how in {"another key", "another partition"}:
        old = dict(row.entity)
        old["RowKey"] = str(row.place[2])[:-16] + "0123456789abcdef"
        if how == "another partition":
            old["PartitionKey"] = f"old {row.place[1]}"
        old_pointer = timeline_place((row.table, str(old["PartitionKey"]), str(old["RowKey"])))
        assert old_pointer is not None
        await stored.put(table_row(row.table, old))
        await stored.put(table_row(TIMELINE, {"PartitionKey": old_pointer[1], "RowKey": old_pointer[2]}))
        await stored.delete(row.place)
        await stored.delete(pointer)
    elif how == "without pointer":
        await stored.delete(pointer)
    elif how == "older pointer":
        await stored.put(table_row(TIMELINE, {"PartitionKey": pointer[1], "RowKey": pointer[2], "Kind": "old"}))


async def aged(account: Account, stored: StoredRows, sink: Sink, ages: Sequence[str]) -> World:
    """Leave tables as an older version may have, and return what they are to become."""
    empty(account)
    await keep(sink, *TEXTS)
    today = world(account)
    for how, (place, _) in zip(ages, (item for item in sorted(today.items()) if item[0][0] != TIMELINE), strict=False):
        row = await stored.get(place)
        if row is not None:
            await age(stored, how, row)
    return today


@ON_AZURITE
@given(ages=st.lists(st.sampled_from(AGES), min_size=6, max_size=6))
async def test_everything_becomes_what_a_delivery_today_would_make(
    account: Account, stored: StoredRows, sink: Sink, ages: list[str]
) -> None:
    """And once more changes nothing, writes nothing, and says so."""
    today = await aged(account, stored, sink, ages)
    expected, first, second = Rebuilt(), Rebuilt(), Rebuilt()
    before = world(account)
    await rebuild(stored, expected, dry_run=True)
    assert world(account) == before
    await rebuild(stored, first)
    etags = {row.place: row.etag async for row in stored.scan(TIMELINE)}
    assert world(account) == today
    await rebuild(stored, second)

    assert (first.changed, first.moved) == (expected.changed, expected.moved)
    assert (second.writes, second.seen) == (0, 6)
    assert etags == {row.place: row.etag async for row in stored.scan(TIMELINE)}


@ON_AZURITE
@given(
    ages=st.lists(st.sampled_from(AGES), min_size=6, max_size=6),
    fuse=st.builds(Fuse, st.integers(1, 20), behind=st.booleans()),
)
async def test_cut_off_anywhere_and_run_again_it_is_done(
    account: Account, stored: StoredRows, sink: Sink, ages: list[str], fuse: Fuse
) -> None:
    """In between, the text of every event stands in every table that it stood in."""
    today = await aged(account, stored, sink, ages)
    texts = _texts(today)
    async with FusedRows(account, fuse) as fused:
        try:
            await rebuild(fused, Rebuilt())
        except Cut:
            assert _texts(world(account)) == texts
    await rebuild(stored, Rebuilt())

    assert world(account) == today


def _texts(rows: World) -> set[tuple[str, object]]:
    return {(place[0], row["Raw"][1]) for place, row in rows.items() if "Raw" in row}


async def test_it_tells_what_changes(account: Account, stored: StoredRows, sink: Sink) -> None:
    """Rows by table, and the columns that differ."""
    await aged(account, stored, sink, ["other columns", "as today", "another key", "without pointer"])
    rebuilt = Rebuilt()
    await rebuild(stored, rebuilt, dry_run=True)

    assert rebuilt.columns == {"Kind": 1, "OccurredAt": 1, "RecordVersion": 1, "Subject": 1}
    assert rebuilt.changed == {"ChatThreadEvents": 1}
    assert sum(rebuilt.moved.values()) == 1
    assert rebuilt.seen == 6


async def test_only_events_since_a_time_are_looked_at(stored: StoredRows, sink: Sink) -> None:
    """By the event's own time, in tables of both kinds of key."""
    for number, time in enumerate(("2026-01-01T23:59:59.9999999Z", "2026-01-02T00:00:00Z", "2026-02-01T00:00:00Z")):
        await keep(sink, {**samples.event("2025/SMSReceived"), "id": str(number), "eventTime": time})
    rebuilt = Rebuilt()
    await rebuild(stored, rebuilt, since=Instant.parse("2026-01-02T00:00:00Z").ticks)

    assert rebuilt.seen == 2 * 2


async def test_a_redacted_row_stays_as_it_is(account: Account, stored: StoredRows) -> None:
    """Key and digest are taken from the row, its pointer's too."""
    before = decode(TEXTS[2])
    after = decode(TEXTS[2].replace("topic", "erased"))
    redacted = Instant.parse("2026-03-04T00:00:00Z")
    event = msgspec.structs.replace(after, ticks=before.ticks, digest=before.digest, redacted=redacted)
    for row in record_rows(event):
        await stored.put(row)
    expected = world(account)
    await stored.delete(("Timeline", *_keys(record_rows(event)[-1])))
    rebuilt = Rebuilt()
    await rebuild(stored, rebuilt)

    assert world(account) == expected
    assert (rebuilt.added, rebuilt.changed, rebuilt.moved) == (1, {}, {})


def _keys(row: TableRow) -> tuple[str, str]:
    return str(row.entity["PartitionKey"]), str(row.entity["RowKey"])


async def test_rows_that_it_does_not_understand_stay_and_are_counted(account: Account, stored: StoredRows) -> None:
    """Without text, with a damaged one, with odd keys, or from a later version of the app."""
    row = record_rows(decode(TEXTS[0]))[0]
    strange = [
        table_row("SmsEvents", {"PartitionKey": "p", "RowKey": "r"}),
        table_row("SmsEvents", {"PartitionKey": "p", "RowKey": "s", "RawZ0": b"damaged"}),
        table_row("SmsEvents", {"PartitionKey": "p", "RowKey": "t", "Raw": "{}"}),
        table_row("SmsEvents", {**row.entity, "RecordVersion": RECORD_VERSION + 1, "Kind": "of the future"}),
    ]
    for one in strange:
        await stored.put(one)
    before = world(account)
    rebuilt = Rebuilt()
    await rebuild(stored, rebuilt)

    assert (rebuilt.unreadable, rebuilt.newer, rebuilt.writes) == ({"SmsEvents": 3}, {"SmsEvents": 1}, 0)
    assert world(account) == before


class _Busy(StoredRows):
    """Somebody else writes a row between its reading and its replacement, a few times."""

    def __init__(self, account: Account, times: int) -> None:
        super().__init__(account)
        self._times = times

    async def replace(self, row: TableRow, etag: str) -> bool:
        if self._times:
            self._times -= 1
            await self.put(table_row(row.table, {**row.entity, "Subject": f"theirs {self._times}"}))
        return await super().replace(row, etag)


@pytest.mark.parametrize(("times", "contended"), [(1, 0), (4, 0), (99, 1)])
async def test_it_works_beside_others_that_write(
    times: int, contended: int, account: Account, stored: StoredRows, sink: Sink
) -> None:
    """What came meanwhile is looked at again, never overwritten unseen; what never rests is counted."""
    today = await aged(account, stored, sink, ["other columns"])
    rebuilt = Rebuilt()
    async with _Busy(account, times) as busy:
        await rebuild(busy, rebuilt)

    assert rebuilt.contended == contended
    assert (world(account) == today) is (not contended)


async def test_events_may_arrive_meanwhile(account: Account, stored: StoredRows, sink: Sink) -> None:
    """A delivery beside the rebuild, of events old and new, ends as a delivery after it."""
    await aged(account, stored, sink, ["another key", "other columns", "without pointer", "other columns"])
    new = [json.dumps({**samples.event("2025/SMSReceived"), "id": f"new {number}"}) for number in range(20)]
    await asyncio.gather(rebuild(stored, Rebuilt()), keep(sink, *TEXTS, *new))
    after = world(account)
    await rebuild(stored, Rebuilt())
    empty(account)
    await keep(sink, *TEXTS, *new)

    assert after == world(account)


async def test_a_large_event_is_rebuilt_too(account: Account, stored: StoredRows, sink: Sink) -> None:
    """One that is kept compressed, in many columns."""
    event = samples.event("2025/SMSReceived")
    event["data"]["message"] = "".join(f"{number:x}" for number in range(100_000))
    await keep(sink, event)
    today = world(account)
    for row in [row async for row in stored.scan("SmsEvents")]:
        await age(stored, "another partition", row)
    await rebuild(stored, Rebuilt())

    assert world(account) == today


def test_every_place_of_the_time_line_is_told_by_a_records_key() -> None:
    """Whatever the table."""
    for name in samples.NAMES:
        *records, pointer = record_rows(decode(json.dumps(samples.event(name))))
        places: list[Place] = [(row.table, *_keys(row)) for row in records]

        assert {timeline_place(place) for place in places} == {(TIMELINE, *_keys(pointer))}
