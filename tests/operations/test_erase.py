"""Erase, on the real Azurite: whoever is erased is nowhere, and nobody else loses anything."""

import json
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acsevents.operations.erase import Erased, erase
from acsevents.operations.rebuild import Rebuilt, rebuild
from acsevents.operations.stored_rows import StoredRow, StoredRows, filed
from acsevents.operations.whom import Kind, Target
from shared.catalogue import DEAD_LETTERS, TIMELINE
from shared.decoder import decode
from shared.errors import UnsupportedType
from shared.lookups import Lookups
from shared.rows.dead_letters import dead_letter
from shared.rows.records import Filed, record_rows
from shared.sink import Sink
from shared.storage.account import Account
from shared.stored import text_of
from tests import samples
from tests.operations.people import ACS_USER, ERASED, GUID, OTHERS, Person, Told, told_events
from tests.operations.world import Cut, Fuse, FusedRows, World, empty, keep, world

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
ON_AZURITE = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
Case = tuple[Target, Person, list[Told]]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Somebody to erase, and events of all kinds in which they may take part."""
    kind, given_as, person = draw(st.sampled_from(ERASED))
    return Target(kind, given_as), person, draw(st.lists(told_events(person), min_size=1, max_size=6))


def traces(rows: World, person: Person) -> list[tuple[str, str]]:
    """Name table and column wherever somebody still stands: in keys, columns and texts, however they are packed."""
    needles = {person.raw_id.removeprefix("4:+").lower(), person.name.lower()}
    needles |= {GUID} if GUID in person.raw_id else set()
    found = []
    for (table, _, _), row in rows.items():
        plain = {name: value for name, (_, value) in row.items()}
        held = {name: str(value) for name, value in plain.items() if name != "Raw" and not name.startswith("RawZ")}
        if {"Raw", "RawZ0"} & plain.keys():
            held["the text"] = _read(str(text_of(plain)))
        found += [(table, name) for name, text in held.items() if any(needle in text.lower() for needle in needles)]
    return found


def _read(text: str) -> str:
    """Return a text with its escapes read."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text


def kept(rows: World) -> Counter[str]:
    """Count the rows by table."""
    return Counter(table for table, _, _ in rows)


async def _erased(stored: StoredRows, target: Target, *, dry_run: bool = False) -> Erased:
    erased = Erased()
    await erase(stored, erased, target, NOW, dry_run=dry_run)
    return erased


@ON_AZURITE
@given(case=cases())
async def test_whoever_is_erased_is_nowhere_and_nobody_else_loses_anything(
    account: Account, stored: StoredRows, sink: Sink, case: Case
) -> None:
    """Rows of theirs are gone with all copies; those of others have their keys, and `Redacted` where they changed."""
    target, person, told = case
    empty(account)
    await keep(sink, *(one.text for one in told if not one.is_theirs))
    others = world(account)
    await keep(sink, *(one.text for one in told))
    before = world(account)
    planned = await _erased(stored, target, dry_run=True)
    assert world(account) == before
    done = await _erased(stored, target)
    after = world(account)

    assert traces(after, person) == []
    assert after.keys() == others.keys()
    assert {place: row for place, row in after.items() if "Redacted" not in row} == {
        place: others[place] for place, row in after.items() if "Redacted" not in row
    }
    assert (done.removed, done.redacted) == (planned.removed, planned.redacted)
    assert Counter(done.removed) == kept(before) - kept(after)
    assert Counter(done.redacted) == Counter(place[0] for place, row in after.items() if "Redacted" in row)


@ON_AZURITE
@given(case=cases())
async def test_once_erased_nothing_is_left_to_do(account: Account, stored: StoredRows, sink: Sink, case: Case) -> None:
    """Neither for the same erasure nor for a rebuild."""
    target, _, told = case
    empty(account)
    await keep(sink, *(one.text for one in told))
    await _erased(stored, target)
    after = world(account)
    again, rebuilt = await _erased(stored, target), Rebuilt()
    await rebuild(stored, rebuilt)

    assert (again.removed, again.redacted, rebuilt.writes) == ({}, {}, 0)
    assert world(account) == after


@ON_AZURITE
@given(case=cases(), fuse=st.builds(Fuse, st.integers(1, 12), behind=st.booleans()))
async def test_cut_off_anywhere_and_run_again_it_is_done(
    account: Account, stored: StoredRows, sink: Sink, case: Case, fuse: Fuse
) -> None:
    """What is left half done is found again."""
    target, person, told = case
    empty(account)
    await keep(sink, *(one.text for one in told))
    await _erased(stored, target)
    expected = world(account)
    empty(account)
    await keep(sink, *(one.text for one in told))
    async with FusedRows(account, fuse) as fused:
        with suppress(Cut):
            await _erased(fused, target)
    await _erased(stored, target)

    assert traces(world(account), person) == []
    assert world(account) == expected


@pytest.mark.parametrize("name", [name for name in samples.NAMES if "Chat" in name])
async def test_a_thread_goes_from_users_partitions_too(
    name: str, account: Account, stored: StoredRows, sink: Sink
) -> None:
    """All events of both levels, and of no other thread."""
    event = samples.event(name)
    thread = event["data"]["threadId"]
    other = json.loads(json.dumps(event).replace(thread, "19:another@thread.v2"))
    await keep(sink, other)
    expected = world(account)
    await keep(sink, event)
    await _erased(stored, Target("thread", thread))

    assert world(account) == expected


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
        await stored.put(filed("SmsEvents", {**packed, "PartitionKey": "p", "RowKey": str(number)}))
    await stored.put(filed("ChatUserEvents", {"PartitionKey": ACS_USER.raw_id, "RowKey": "no record's"}))
    await stored.put(filed("SmsMessages", {"PartitionKey": "p", "RowKey": "r", "SenderId": ACS_USER.raw_id}))
    others = [
        dead_letter("sms_events", json.dumps({"who": OTHERS[0].raw_id}), UnsupportedType("unknown")),
        filed("SmsEvents", {"PartitionKey": "=FF", "RowKey": "r", "Raw": "no JSON"}),
    ]
    for row in others:
        await stored.put(row)
    done = await _erased(stored, Target("user", ACS_USER.raw_id))

    assert set(world(account)) == {row.place for row in others}
    assert done.removed == {"SmsEvents": 4, DEAD_LETTERS: 4, "ChatUserEvents": 1, "SmsMessages": 1}


async def test_rows_that_cannot_be_searched_are_counted_and_stay(account: Account, stored: StoredRows) -> None:
    """A damaged text may hold anybody."""
    for table in ("SmsEvents", DEAD_LETTERS):
        await stored.put(filed(table, {"PartitionKey": "p", "RowKey": "r", "RawZ0": b"damaged"}))
    before = world(account)
    done = await _erased(stored, Target("user", ACS_USER.raw_id))

    assert done.unsearchable == {"SmsEvents": 1, DEAD_LETTERS: 1}
    assert world(account) == before


def about(person: Person, **data: Any) -> str:
    """Write a thread-created event that lists somebody."""
    event = samples.event("2021/ChatThreadCreated")
    listed = {"displayName": person.name, "participantCommunicationIdentifier": {"rawId": person.raw_id}}
    return json.dumps({**event, "data": {**event["data"], "participants": [listed], **data}})


async def test_rows_of_an_older_version_are_judged_by_text_and_columns(account: Account, stored: StoredRows) -> None:
    """Where keys and columns are not today's: a mention keeps its place, a stale column of theirs counts."""
    *_, record, pointer = ["", *record_rows(decode(about(ACS_USER)))]
    assert isinstance(record, Filed)
    assert isinstance(pointer, Filed)
    key = str(record.entity["RowKey"])[:-16] + "0123456789abcdef"
    await stored.put(filed(record.table, {**record.entity, "RowKey": key, "RecordVersion": 1}))
    await stored.put(filed("ChatUserEvents", {**record.entity, "SenderId": ACS_USER.raw_id}))
    await _erased(stored, Target("user", ACS_USER.raw_id))
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
        await stored.put(filed(TIMELINE, {**keys, "RowKey": str(number), **columns}))
    planned = await _erased(stored, Target("user", ACS_USER.raw_id), dry_run=True)
    done = await _erased(stored, Target("user", ACS_USER.raw_id))
    left = {row.entity["RowKey"]: row.entity async for row in stored.scan(TIMELINE)}

    assert sorted(left) == ["2", "3", "4"]
    assert (left["2"]["InitiatorId"], left["2"]["ThreadTopic"]) == ("erased", "t")
    assert left["2"]["Redacted"] == "2026-03-04T05:06:07.0000000Z"
    assert (done.removed, done.redacted) == ({TIMELINE: 2}, {TIMELINE: 1}) == (planned.removed, planned.redacted)


async def test_what_others_write_about_them_stays(account: Account, stored: StoredRows, sink: Sink) -> None:
    """Free text is not searched."""
    await keep(sink, about(OTHERS[0], properties={"topic": f"About {ACS_USER.raw_id}"}))
    before = world(account)
    done = await _erased(stored, Target("user", ACS_USER.raw_id))

    assert (done.removed, done.redacted) == ({}, {})
    assert world(account) == before


async def test_a_story_of_a_redacted_thread_is_still_told(account: Account, stored: StoredRows, sink: Sink) -> None:
    """With `erased` in the place of whoever was."""
    await keep(sink, about(ACS_USER))
    await _erased(stored, Target("user", ACS_USER.raw_id))
    async with Lookups(account) as lookups:
        transcript = await lookups.thread(samples.event("2021/ChatThreadCreated")["data"]["threadId"])

    assert transcript is not None
    assert [(one.id, one.display_name) for one in transcript.participants] == [("erased", "erased")]


class _Busy(StoredRows):
    """Somebody delivers a row again between its reading and its replacement."""

    def __init__(self, account: Account, times: int) -> None:
        super().__init__(account)
        self._times = times
        self._first: StoredRow | None = None

    async def replace(self, row: Filed, etag: str) -> bool:
        self._first = self._first or await self.get(row.place)
        if self._times and self._first is not None:
            self._times -= 1
            await self.put(filed(row.table, self._first.entity))
        return await super().replace(row, etag)


@pytest.mark.parametrize(("times", "contended"), [(1, 0), (4, 0), (99, 1)])
async def test_a_row_that_is_delivered_again_meanwhile_is_judged_again(
    times: int, contended: int, account: Account, sink: Sink
) -> None:
    """Until it rests; what never rests is counted."""
    await keep(sink, about(ACS_USER))
    async with _Busy(account, times) as busy:
        done = await _erased(busy, Target("user", ACS_USER.raw_id))

    assert done.contended == contended
    assert bool(traces(world(account), ACS_USER)) is bool(contended)


@pytest.mark.parametrize("target", ERASED, ids=str)
async def test_every_kind_of_target_is_found_in_a_large_event(
    target: tuple[Kind, str, Person], account: Account, stored: StoredRows, sink: Sink
) -> None:
    """Whose text is compressed, and whose columns were left out for their size."""
    kind, given_as, person = target
    everybody = [
        {"displayName": f"P{number}", "participantCommunicationIdentifier": {"rawId": f"8:acs:1_{number:x}"}}
        for number in range(2_000)
    ]
    listed = {"displayName": person.name, "participantCommunicationIdentifier": {"rawId": person.raw_id}}
    await keep(sink, about(person, participants=[*everybody, listed]))
    done = await _erased(stored, Target(kind, given_as))

    assert done.redacted == {"ChatThreadEvents": 1, TIMELINE: 1}
    assert traces(world(account), person) == []
