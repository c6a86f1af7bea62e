"""Replay, on the real Azurite: what can be recorded today is, and nothing leaves `DeadLetters` before."""

import json
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acsevents.operations.recording import Store, opened_store
from acsevents.operations.replay import FromFile, Replayed, replay_dead_letters, replay_texts
from acsevents.operations.stored_rows import StoredRows, table_row
from shared.catalogue import DEAD_LETTERS
from shared.errors import ContentError, RowRefused, StorageError, UnsupportedType
from shared.events.event import Event
from shared.lookups.reader import ticks_of
from shared.rows.dead_letters import dead_letter
from shared.sink import Sink
from shared.storage.account import Account
from shared.storage.odata import Row
from tests import samples
from tests.operations.world import Cut, Fuse, FusedRows, FusedStore, empty, keep, world

TODAY = [
    json.dumps(samples.event(name)) for name in ("2025/SMSReceived", "2021/ChatThreadCreated", "2025/ChatThreadCreated")
]
STILL_BROKEN = [
    "no JSON",
    json.dumps({**samples.event("2025/SMSReceived"), "eventType": "Microsoft.Communication.New"}),
]


async def file_letters(stored: StoredRows, texts: Sequence[str | bytes], error: ContentError | None = None) -> None:
    """File texts as dead letters, as an older version of the app may have."""
    for text in texts:
        await stored.put(dead_letter("sms_events", text, error or UnsupportedType("not known then")))


async def test_what_decodes_today_is_recorded_and_leaves(
    account: Account, stored: StoredRows, sink: Sink, store: Store
) -> None:
    """The records are those of a delivery, and what is still broken stays and is told."""
    await keep(sink, *TODAY)
    as_delivered = world(account)
    empty(account)
    await file_letters(stored, [*TODAY, *STILL_BROKEN])
    replayed, told = Replayed(), list[str]()
    await replay_dead_letters(stored, store, replayed, tell=told.append)
    after = world(account)

    assert {place: row for place, row in after.items() if place[0] != DEAD_LETTERS} == as_delivered
    assert sum(place[0] == DEAD_LETTERS for place in after) == 2
    assert replayed == Replayed(seen=5, recorded=3, left={"not_json": 1, "unsupported_type": 1})
    assert sorted(line.split(": ")[1] for line in told) == ["not_json", "unsupported_type"]


async def test_a_dry_run_only_tells(account: Account, stored: StoredRows) -> None:
    """What could be recorded, without a store to record it in."""
    await file_letters(stored, [*TODAY, *STILL_BROKEN])
    before = world(account)
    replayed = Replayed()
    await replay_dead_letters(stored, None, replayed)

    assert (replayed.seen, replayed.recorded) == (5, 3)
    assert world(account) == before


async def test_only_the_dead_letters_that_were_asked_for(stored: StoredRows, store: Store) -> None:
    """By reason, and by when they were filed."""
    await file_letters(stored, TODAY)
    counts = []
    for reason, since in (
        ("not_json", None),
        (None, ticks_of(datetime.now(UTC) + timedelta(hours=1))),
        ("unsupported_type", ticks_of(datetime.now(UTC) - timedelta(hours=1))),
    ):
        replayed = Replayed()
        await replay_dead_letters(stored, store, replayed, reason=reason, since=since)
        counts.append(replayed.seen)

    assert counts == [0, 0, 3]


async def test_only_the_dead_letter_that_was_asked_for(stored: StoredRows, store: Store) -> None:
    """By its id; together with a reason, both must hold."""
    await file_letters(stored, TODAY)
    (_, _, first), *others = [row.place async for row in stored.scan("DeadLetters")]
    counts = []
    for id_, reason in (("none", None), (first, "not_json"), (first, None), (first, None)):
        replayed = Replayed()
        await replay_dead_letters(stored, store, replayed, id_=id_, reason=reason)
        counts.append((replayed.seen, replayed.recorded))

    assert counts == [(0, 0), (0, 0), (1, 1), (0, 0)]
    assert [row.place async for row in stored.scan("DeadLetters")] == others


async def test_a_dead_letter_that_comes_again_meanwhile_stays(stored: StoredRows, store: Store) -> None:
    """Nobody's later writing is removed with the earlier one."""
    await file_letters(stored, TODAY[:1])

    class ComesAgain:
        async def write(self, rows: Sequence[Row]) -> None:
            await store.write(rows)
            await file_letters(stored, TODAY[:1])

    replayed = Replayed()
    await replay_dead_letters(stored, ComesAgain(), replayed)

    assert (replayed.recorded, replayed.came_again) == (1, 1)
    assert len([row async for row in stored.scan(DEAD_LETTERS)]) == 1


async def test_a_dead_letter_without_text_stays(stored: StoredRows, store: Store) -> None:
    """Whoever damaged it, the others go on."""
    await stored.put(
        table_row(DEAD_LETTERS, {"PartitionKey": "sms_events", "RowKey": "1", "Reason": "not_json", "RawZ0": b"x"})
    )
    await file_letters(stored, TODAY)
    replayed = Replayed()
    await replay_dead_letters(stored, store, replayed)

    assert (replayed.recorded, replayed.left) == (3, {"not_an_event": 1})


class _Refuses:
    def __init__(self, error: StorageError) -> None:
        self._error = error

    async def write(self, _rows: Sequence[Row]) -> None:
        raise self._error


async def test_what_the_service_refuses_stays(stored: StoredRows) -> None:
    """For its content: with a reason. For another cause: the replay ends, and nothing is gone."""
    await file_letters(stored, TODAY)
    replayed = Replayed()
    await replay_dead_letters(stored, _Refuses(RowRefused("PropertyValueTooLarge")), replayed)
    assert replayed.left == {"internal_error": 3}

    with pytest.raises(StorageError):
        await replay_dead_letters(stored, _Refuses(StorageError("out of reach")), Replayed())
    assert len([row async for row in stored.scan(DEAD_LETTERS)]) == 3


async def test_a_bug_in_the_decoder_costs_its_event_only(
    monkeypatch: pytest.MonkeyPatch, stored: StoredRows, store: Store
) -> None:
    """As in the sink."""

    def stumbles(text: str | bytes) -> Event:
        raise IndexError(text)

    monkeypatch.setattr("acsevents.operations.recording.decode", stumbles)
    await file_letters(stored, TODAY)
    replayed, told = Replayed(), list[str]()
    await replay_dead_letters(stored, store, replayed, tell=told.append)

    assert replayed.left == {"internal_error": 3}
    assert {line.split(": ", 1)[1] for line in told} == {"internal_error: $: a bug in the decoder: IndexError"}


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(fuse=st.builds(Fuse, st.integers(1, 12), behind=st.booleans()))
async def test_cut_off_anywhere_and_run_again_it_is_done(account: Account, sink: Sink, fuse: Fuse) -> None:
    """In no state between is an event in no table."""
    empty(account)
    async with FusedRows(account, fuse) as fused, StoredRows(account) as stored, opened_store(account) as store:
        await file_letters(stored, TODAY)
        try:
            await replay_dead_letters(fused, FusedStore(store, fuse), Replayed())
        except Cut:
            assert len({key for table, _, key in world(account) if table != "SmsMessages"}) >= len(TODAY)
        await replay_dead_letters(stored, store, Replayed())
        again = world(account)
        await keep(sink, *TODAY)

    assert again == world(account)
    assert DEAD_LETTERS not in {table for table, _, _ in again}


async def _from(*texts: str) -> AsyncIterator[FromFile]:
    for number, text in enumerate(texts, 1):
        yield FromFile(f"a file, event {number}", text)


async def test_events_of_a_file_are_recorded(account: Account, sink: Sink, store: Store) -> None:
    """As a delivery would, and what cannot be is told with its place."""
    replayed, told = Replayed(), list[str]()
    await replay_texts(_from(*TODAY, *STILL_BROKEN), store, replayed, tell=told.append)
    after = world(account)
    await keep(sink, *TODAY)

    assert replayed == Replayed(seen=5, recorded=3, left={"not_json": 1, "unsupported_type": 1})
    assert told[0].startswith("a file, event 4: not_json: ")
    assert after == world(account)


async def test_an_event_that_may_not_come_back_is_skipped(account: Account, store: Store) -> None:
    """And one that may come back redacted is."""
    replayed = Replayed()
    await replay_texts(
        _from(*TODAY), store, replayed, redact=lambda event: event if event.kind == "sms.received" else None
    )

    assert replayed == Replayed(seen=3, recorded=1, skipped=2)
    assert {table for table, _, _ in world(account)} == {"SmsEvents", "SmsMessages", "Timeline"}
