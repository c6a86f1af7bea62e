"""Erase, on the real Azurite: whoever is erased is nowhere, and nobody else loses anything."""

import json
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acsevents.operations.rebuild import Rebuilt, rebuild
from acsevents.operations.stored_rows import StoredRow, StoredRows, table_row
from acsevents.operations.whom import Kind, Target
from shared.catalogue import TIMELINE
from shared.lookups import Lookups
from shared.rows.records import TableRow
from shared.sink import Sink
from shared.storage.account import Account
from tests import samples
from tests.operations.erasing import about, erase_now, kept, traces
from tests.operations.people import ACS_USER, ERASED, OTHERS, Person, Told, told_events
from tests.operations.world import Cut, Fuse, FusedRows, empty, keep, world

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
    planned = await erase_now(stored, target, dry_run=True)
    assert world(account) == before
    done = await erase_now(stored, target)
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
    await erase_now(stored, target)
    after = world(account)
    again, rebuilt = await erase_now(stored, target), Rebuilt()
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
    await erase_now(stored, target)
    expected = world(account)
    empty(account)
    await keep(sink, *(one.text for one in told))
    async with FusedRows(account, fuse) as fused:
        with suppress(Cut):
            await erase_now(fused, target)
    await erase_now(stored, target)

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
    await erase_now(stored, Target("thread", thread))

    assert world(account) == expected


async def test_what_others_write_about_them_stays(account: Account, stored: StoredRows, sink: Sink) -> None:
    """Free text is not searched."""
    await keep(sink, about(OTHERS[0], properties={"topic": f"About {ACS_USER.raw_id}"}))
    before = world(account)
    done = await erase_now(stored, Target("user", ACS_USER.raw_id))

    assert (done.removed, done.redacted) == ({}, {})
    assert world(account) == before


async def test_a_story_of_a_redacted_thread_is_still_told(account: Account, stored: StoredRows, sink: Sink) -> None:
    """Without those who were erased: their own events have gone, and with them whether they have left."""
    await keep(sink, about(ACS_USER))
    await erase_now(stored, Target("user", ACS_USER.raw_id))
    async with Lookups(account) as lookups:
        transcript = await lookups.thread(samples.event("2021/ChatThreadCreated")["data"]["threadId"])

    assert transcript is not None
    assert transcript.participants == ()
    assert transcript.gaps == (
        "participants of the created thread were erased: whether they are still in it is not recorded",
    )


class _Busy(StoredRows):
    """Somebody delivers a row again between its reading and its replacement."""

    def __init__(self, account: Account, times: int) -> None:
        super().__init__(account)
        self._times = times
        self._first: StoredRow | None = None

    async def replace(self, row: TableRow, etag: str) -> bool:
        self._first = self._first or await self.get(row.place)
        if self._times and self._first is not None:
            self._times -= 1
            await self.put(table_row(row.table, self._first.entity))
        return await super().replace(row, etag)


@pytest.mark.parametrize(("times", "contended"), [(1, 0), (4, 0), (99, 1)])
async def test_a_row_that_is_delivered_again_meanwhile_is_judged_again(
    times: int, contended: int, account: Account, sink: Sink
) -> None:
    """Until it rests; what never rests is counted."""
    await keep(sink, about(ACS_USER))
    async with _Busy(account, times) as busy:
        done = await erase_now(busy, Target("user", ACS_USER.raw_id))

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
    done = await erase_now(stored, Target(kind, given_as))

    assert done.redacted == {"ChatThreadEvents": 1, TIMELINE: 1}
    assert traces(world(account), person) == []
