"""Prune, on the real Azurite: what is older goes, all of it, and nothing else."""

import json
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acsevents.operations.prune import Pruned, prune
from acsevents.operations.stored_rows import StoredRows, table_row
from shared.catalogue import DEAD_LETTERS, TABLES, TIMELINE
from shared.errors import UnsupportedType
from shared.lookups.reader import ticks_of
from shared.rows.dead_letters import dead_letter
from shared.sink import Sink
from shared.storage.account import Account
from tests import samples
from tests.operations.world import Cut, Fuse, FusedRows, empty, keep, world

BEFORE = ticks_of(datetime(2026, 1, 2, 3, 4, 30, tzinfo=UTC))
LAST_OLD, FIRST_YOUNG = "2026-01-02T03:04:29.9999999Z", "2026-01-02T03:04:30Z"
OLD = (LAST_OLD, "2026-01-02T03:04:00Z", "2025-12-31T23:59:59Z", "1999-01-01T00:00:00Z")
YOUNG = (FIRST_YOUNG, "2026-01-02T03:04:31Z", "2026-01-02T05:04:00+01:00", "2099-01-01T00:00:00Z")
NAMES = ("2025/SMSReceived", "2025/ChatThreadCreated", "2021/ChatThreadCreatedWithUser")


def events(times: Collection[str], name: str = NAMES[0]) -> list[dict[str, Any]]:
    """Make one event for each time."""
    return [{**samples.event(name), "id": f"{name} {time}", "eventTime": time} for time in times]


async def test_what_is_older_goes_and_what_is_younger_stays(account: Account, stored: StoredRows, sink: Sink) -> None:
    """To the tick, in all tables, by the event's time and not by that of its writing."""
    young = [event for name in NAMES for event in events(YOUNG, name)]
    await keep(sink, *young)
    expected = world(account)
    await keep(sink, *(event for name in NAMES for event in events(OLD, name)))
    planned, pruned = Pruned(), Pruned()
    before = world(account)
    await prune(stored, planned, BEFORE, dry_run=True)
    assert world(account) == before
    await prune(stored, pruned, BEFORE)

    assert world(account) == expected
    assert pruned == planned
    assert pruned.removed == {
        "SmsEvents": 4,
        "SmsMessages": 4,
        "ChatUserEvents": 4,
        "ChatThreadEvents": 4,
        TIMELINE: 12,
    }


async def test_more_rows_than_one_answer_or_transaction_holds(account: Account, stored: StoredRows, sink: Sink) -> None:
    """Rows are removed while they are listed, a hundred at once."""
    await keep(
        sink,
        *events([f"2025-06-01T00:{number // 60 % 60:02}:{number % 60:02}.{number:04}Z" for number in range(1_100)]),
    )
    pruned = Pruned()
    await prune(stored, pruned, BEFORE)

    assert world(account) == {}
    assert pruned.removed == {"SmsEvents": 1_100, "SmsMessages": 1_100, TIMELINE: 1_100}


@pytest.mark.parametrize(
    ("tables", "left"),
    [
        (["SmsMessages"], {"SmsEvents": 1, "ChatThreadEvents": 1, TIMELINE: 2}),
        (["SmsEvents", "SmsMessages"], {"ChatThreadEvents": 1, TIMELINE: 1}),
        (["ChatThreadEvents"], {"SmsEvents": 1, "SmsMessages": 1, TIMELINE: 1}),
        ([TIMELINE], {"SmsEvents": 1, "SmsMessages": 1, "ChatThreadEvents": 1}),
        ([DEAD_LETTERS], {"SmsEvents": 1, "SmsMessages": 1, "ChatThreadEvents": 1, TIMELINE: 2}),
        (TABLES, {}),
    ],
)
async def test_a_table_alone_may_be_pruned(
    tables: list[str], left: dict[str, int], account: Account, stored: StoredRows, sink: Sink
) -> None:
    """What points to the records goes with the last of them."""
    await keep(sink, *events([LAST_OLD]), *events([LAST_OLD], NAMES[1]))
    await prune(stored, Pruned(), BEFORE, tables=tables)

    assert Counter(table for table, _, _ in world(account)) == left


@pytest.mark.parametrize("tables", [("SmsEvents", "SmsMessages"), ("SmsMessages", "SmsEvents")])
async def test_tables_pruned_one_after_the_other_leave_nothing(
    tables: tuple[str, str], account: Account, stored: StoredRows, sink: Sink
) -> None:
    """The row in the time line goes with the last record, though its tables were named in different runs."""
    await keep(sink, *events([LAST_OLD]))
    await prune(stored, Pruned(), BEFORE, tables=tables[:1])
    assert Counter(table for table, _, _ in world(account)) == {tables[1]: 1, TIMELINE: 1}
    planned, pruned = Pruned(), Pruned()
    await prune(stored, planned, BEFORE, tables=tables[1:], dry_run=True)
    await prune(stored, pruned, BEFORE, tables=tables[1:])

    assert world(account) == {}
    assert pruned == planned
    assert pruned.removed == {tables[1]: 1, TIMELINE: 1}


async def test_dead_letters_go_by_when_they_were_filed(account: Account, stored: StoredRows) -> None:
    """Their events may have no time."""
    await stored.put(dead_letter("sms_events", "old", UnsupportedType("unknown")))
    pruned = Pruned()
    await prune(stored, pruned, ticks_of(datetime.now(UTC) - timedelta(minutes=5)))
    assert len(world(account)) == 1
    await prune(stored, pruned, ticks_of(datetime.now(UTC) + timedelta(minutes=5)))

    assert world(account) == {}
    assert pruned.removed == {DEAD_LETTERS: 1}


async def test_rows_that_are_no_records_stay(account: Account, stored: StoredRows) -> None:
    """A key that tells no time tells no age."""
    for table in ("SmsEvents", "SmsMessages", TIMELINE):
        for key in ("odd", "9999999999999999999", f"9999999999999999999~{'x' * 16}", "~"):
            await stored.put(table_row(table, {"PartitionKey": "0~9999999999999999999", "RowKey": key}))
    before = world(account)
    await prune(stored, Pruned(), BEFORE)

    assert world(account) == before


async def test_rows_that_others_remove_meanwhile_are_no_error(account: Account, sink: Sink) -> None:
    """Two prunes at once."""
    await keep(sink, *events([f"2025-06-01T00:00:{number:02}Z" for number in range(50)]))

    class Beaten(StoredRows):
        async def delete_together(self, places: Any) -> None:
            await self.delete(places[len(places) // 2])
            await super().delete_together(places)

    async with Beaten(account) as beaten:
        await prune(beaten, Pruned(), BEFORE)

    assert world(account) == {}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(fuse=st.builds(Fuse, st.integers(1, 14), behind=st.booleans()))
async def test_cut_off_anywhere_and_run_again_it_is_done(
    account: Account, stored: StoredRows, sink: Sink, fuse: Fuse
) -> None:
    """In between, whatever has a record has its row in the time line."""
    empty(account)
    await keep(sink, *events(YOUNG))
    expected = world(account)
    await keep(sink, *events(OLD), *events(OLD, NAMES[1]))
    async with FusedRows(account, fuse) as fused:
        try:
            await prune(fused, Pruned(), BEFORE)
        except Cut:
            rows = world(account)
            pointed = {
                tuple(place) for row in rows.values() if "Rows" in row for place in json.loads(str(row["Rows"][1]))
            }
            assert {place for place in rows if place[0] != TIMELINE} <= pointed
    await prune(stored, Pruned(), BEFORE)

    assert world(account) == expected
