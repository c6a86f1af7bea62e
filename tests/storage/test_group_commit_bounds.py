"""How long callers of a group commit wait, how much of them it holds, and who is refused."""

import asyncio
from collections.abc import Sequence

import pytest

from shared.errors import Busy, StorageError
from shared.storage import group_commit
from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row
from tests.storage.committing import idle, settled, start, turns
from tests.storage.fake_writer import FakeWriter, key, row


async def test_a_cancelled_caller_disturbs_nobody(writer: FakeWriter, commit: GroupCommit) -> None:
    """A transaction under way is written as a whole."""
    callers = [start(commit, row("p", str(number))) for number in range(3)]
    await turns()
    callers[1].cancel()
    await turns()
    writer.finish()

    assert await settled(*callers) == [None, asyncio.CancelledError, None]
    assert len(writer.stored) == 3


@pytest.mark.promise("Bounded")
async def test_rows_whose_callers_have_gone_are_not_sent(writer: FakeWriter, commit: GroupCommit) -> None:
    """Under overload, what is written is acknowledged; the rows behind it are still written."""
    callers = [start(commit, row("p", "0"))]
    await turns()
    callers += [start(commit, row("p", str(number))) for number in range(1, 4)]
    await turns()
    callers[1].cancel()
    await turns()
    writer.release()

    assert await settled(*callers) == [None, asyncio.CancelledError, None, None]
    assert [[one.row_key for one in rows] for rows in writer.calls] == [["0"], ["2", "3"]]


async def test_a_lane_of_nobody_ends(writer: FakeWriter, commit: GroupCommit) -> None:
    """If all callers are cancelled, nothing is sent and nothing is left."""
    first = start(commit, row("p", "0"))
    await turns()
    others = [start(commit, row("p", str(number))) for number in range(1, 4)]
    await turns()
    for caller in others:
        caller.cancel()
    writer.finish()

    assert await settled(first, *others) == [None, *[asyncio.CancelledError] * 3]
    await turns()
    assert len(writer.calls) == 1
    assert idle(commit)


async def test_a_duplicate_of_a_cancelled_caller_is_still_written(writer: FakeWriter, commit: GroupCommit) -> None:
    """Two deliveries of one event share a row: if the first is cancelled, the second still gets it written."""
    first, second = start(commit, row("p", "1")), start(commit, row("p", "1"))
    await turns()
    first.cancel()
    await turns()
    writer.finish()

    assert await settled(first, second) == [asyncio.CancelledError, None]


@pytest.mark.promise("Bounded")
async def test_a_lane_takes_half_of_what_is_free_and_refuses_the_rest(writer: FakeWriter) -> None:
    """However many lanes are full, the next one finds room; a refused caller has written nothing."""
    commit = GroupCommit(writer, waiting_bytes=10_000)
    callers = [start(commit, row("p", str(number), 1_000), row(str(number), "0")) for number in range(12)]
    await turns()
    beside = start(commit, row("q", "0", 1_000))
    await turns()
    writer.release()
    outcomes = await settled(*callers)

    assert await settled(beside) == [None]
    assert {None, Busy} == set(outcomes)
    assert {one.partition for one in _stored(writer)} == {"p", "q", *_acknowledged(outcomes)}


def _stored(writer: FakeWriter) -> list[Row]:
    return [one for rows in writer.calls for one in rows]


def _acknowledged(outcomes: list[type[BaseException] | None]) -> set[str]:
    return {str(number) for number, outcome in enumerate(outcomes) if outcome is None}


@pytest.mark.promise("Bounded")
async def test_a_caller_whose_time_is_over_is_let_go_and_its_waiting_rows_are_not_sent(
    writer: FakeWriter, commit: GroupCommit
) -> None:
    """A row that somebody else waits for is sent all the same, and what is under way goes on."""
    soon = asyncio.get_running_loop().time() + 0.02
    under_way = asyncio.create_task(commit.write([row("p", "1")], deadline=soon))
    await turns()
    shared, own = row("p", "2"), row("p", "3")
    hurried = asyncio.create_task(commit.write([shared, own], deadline=soon))
    patient = start(commit, shared)
    with pytest.raises(StorageError, match="not written in time"):
        await hurried
    with pytest.raises(StorageError, match="not written in time"):
        await under_way

    assert not patient.done()
    writer.release()
    await patient
    assert writer.stored.keys() == {key(row("p", "1")), key(shared)}


@pytest.mark.promise("Bounded")
async def test_a_lane_that_is_slower_than_its_rows_arrive_refuses_them_at_once() -> None:
    """The lane measures its transactions and compares the time to drain with the caller's deadline."""
    loop = asyncio.get_running_loop()
    writer = FakeWriter()
    commit = GroupCommit(writer)

    async def slowly(rows: Sequence[Row]) -> None:
        await asyncio.sleep(0.1)
        writer.stored |= {key(one): one.body for one in rows}

    writer._write = slowly  # type: ignore[method-assign]  # the pace of the service is what is tried
    first = [start(commit, row("p", f"first{number}")) for number in range(200)]
    await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
    deadline = loop.time() + 5  # a busy machine may take several times as long for a transaction
    callers = [asyncio.create_task(commit.write([row("p", str(number))], deadline=deadline)) for number in range(4_000)]
    outcomes = await settled(*callers)
    await asyncio.gather(*first)
    written = len(writer.stored) - len(first)

    assert {None, Busy} == set(outcomes)
    assert outcomes.count(None) == written
    assert written < 3_200


@pytest.mark.promise("Bounded")
async def test_who_is_stuck_gives_way_when_room_is_short(writer: FakeWriter, monkeypatch: pytest.MonkeyPatch) -> None:
    """Partitions that do not answer are failed in favour of those that do; Event Grid redelivers their events."""
    monkeypatch.setattr(group_commit, "_STUCK_AFTER", 0.01)
    commit = GroupCommit(writer, waiting_bytes=10_000)

    async def receive(partition: str) -> None:
        reserved = await commit.reserve(1_000)
        try:
            await commit.write([row(partition, "0")])
        finally:
            commit.release(reserved)

    stuck = [asyncio.create_task(receive(f"dead{number}")) for number in range(10)]
    await turns()
    await asyncio.sleep(0.02)
    healthy = asyncio.create_task(receive("healthy"))
    await turns()
    alive = next(number for number, call in enumerate(writer.held) if call.rows[0].partition == "healthy")
    writer.finish(number=alive)

    assert await settled(healthy) == [None]
    given_way = [caller for caller in stuck if caller.done()]
    assert given_way
    assert set(await settled(*given_way)) == {Busy}
    writer.release()
    await settled(*stuck)


@pytest.mark.promise("Bounded")
async def test_who_becomes_stuck_while_others_wait_for_room_gives_way(
    writer: FakeWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether or not further callers come, and though these need little."""
    monkeypatch.setattr(group_commit, "_STUCK_AFTER", 0.05)
    monkeypatch.setattr(group_commit, "_GLANCE_SECONDS", 0.01)
    commit = GroupCommit(writer, waiting_bytes=10_000)

    async def receive(partition: str, size: int) -> None:
        reserved = await commit.reserve(size)
        try:
            await commit.write([row(partition, "0")])
        finally:
            commit.release(reserved)

    stuck = asyncio.create_task(receive("dead", 9_500))
    await turns()
    large = asyncio.create_task(receive("large", 9_000))  # comes before anybody is stuck
    small = asyncio.create_task(receive("small", 100))  # fits, but stands behind the large one
    await turns()
    assert [call.rows[0].partition for call in writer.held] == ["dead"]

    assert await settled(stuck) == [Busy]
    writer.release()
    assert await settled(large, small) == [None, None]


async def test_where_those_who_are_stuck_hold_too_little_room_the_next_caller_waits(
    writer: FakeWriter, commit: GroupCommit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They give way all the same; the room that others still read into is waited for, and nobody else fails."""
    monkeypatch.setattr(group_commit, "_STUCK_AFTER", 0.0)
    others = await commit.reserve(group_commit.MOST_WAITING_BYTES)
    stuck = start(commit, row("dead", "0"))
    await turns()
    await asyncio.sleep(0.01)
    next_one = asyncio.create_task(commit.reserve(1_000))
    await turns()

    assert stuck.done()
    assert await settled(stuck) == [Busy]
    assert not writer.stored
    assert not next_one.done()
    commit.release(others)
    commit.release(await next_one)


@pytest.mark.promise("Bounded")
async def test_an_idle_store_holds_nothing() -> None:
    """After a thousand partitions no lane, task or row is left in memory."""
    writer = FakeWriter()
    commit = GroupCommit(writer)
    callers = [start(commit, row(str(number), "0"), row(str(number), "1")) for number in range(1_000)]
    assert await settled(*callers) == [None] * 1_000
    await turns()

    assert idle(commit)
