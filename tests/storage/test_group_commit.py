"""Group commit, promise by promise, with a writer that the test controls."""

import asyncio
import contextlib
import gc
import traceback
import weakref
from collections.abc import AsyncIterator, Sequence

import pytest

from shared.errors import Busy, RowRefused, StorageError
from shared.storage import group_commit
from shared.storage.group_commit import GroupCommit
from shared.storage.lane import MOST_BYTES, MOST_ROWS
from shared.storage.odata import Row
from tests.storage.fake_writer import FakeWriter, key, row


async def turns(count: int = 10) -> None:
    """Let all ready tasks run."""
    for _ in range(count):
        await asyncio.sleep(0)


def idle(commit: GroupCommit) -> bool:
    """Return whether no lane and no task is left."""
    return not commit._lanes and not commit._tasks


@pytest.fixture(name="writer")
def _writer() -> FakeWriter:
    return FakeWriter(holding=True)


@pytest.fixture(name="commit")
async def _commit(writer: FakeWriter) -> AsyncIterator[GroupCommit]:
    """Return a group commit that must be idle at the end of the test."""
    commit = GroupCommit(writer)
    yield commit
    writer.release()
    await commit.close()
    assert idle(commit)


def start(commit: GroupCommit, *rows: Row) -> asyncio.Task[None]:
    """Write rows as one invocation does."""
    return asyncio.create_task(commit.write(rows))


async def settled(*tasks: asyncio.Task[None]) -> list[type[BaseException] | None]:
    """Wait for callers and return how each ended."""
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    return [None if outcome is None else type(outcome) for outcome in outcomes]


@pytest.mark.promise("Kept")
async def test_write_returns_when_the_rows_are_durable_and_not_before(writer: FakeWriter, commit: GroupCommit) -> None:
    """While one of a caller's rows is under way, the caller waits."""
    caller = start(commit, row("p", "1"), row("q", "1"))
    await turns()
    assert len(writer.held) == 2

    writer.finish()
    await turns()
    assert not caller.done()

    writer.finish()
    assert await settled(caller) == [None]
    assert len(writer.stored) == 2


async def test_a_lone_row_goes_out_alone_and_at_once(writer: FakeWriter, commit: GroupCommit) -> None:
    """One turn of the event loop later the single write is under way; there is no timer."""
    caller = start(commit, row("p", "1"))
    await turns(4)

    assert [[key(one) for one in rows] for rows in writer.calls] == [[("T", "p", "1")]]
    writer.finish()
    assert await settled(caller) == [None]


async def test_rows_that_arrive_meanwhile_make_up_one_transaction(writer: FakeWriter, commit: GroupCommit) -> None:
    """Rows that arrive during a write of their partition are written together next, in order of arrival."""
    first = start(commit, row("p", "0"))
    await turns()
    others = [start(commit, row("p", str(number))) for number in range(1, 10)]
    await turns()
    assert len(writer.calls) == 1

    writer.finish()
    await turns()
    writer.finish()
    assert await settled(first, *others) == [None] * 10
    assert [[one.row_key for one in rows] for rows in writer.calls] == [["0"], list("123456789")]


async def test_callers_of_the_same_turn_share_a_transaction_at_once(writer: FakeWriter, commit: GroupCommit) -> None:
    """A batch that the host passes on at once costs one request from the start."""
    callers = [start(commit, row("p", str(number))) for number in range(5)]
    await turns()

    assert [len(rows) for rows in writer.calls] == [5]
    writer.finish()
    assert await settled(*callers) == [None] * 5


async def test_partitions_and_tables_do_not_wait_for_each_other(writer: FakeWriter, commit: GroupCommit) -> None:
    """A partition whose write hangs delays no other."""
    hanging = start(commit, row("p", "1"))
    await turns()
    others = [start(commit, row("q", "1")), start(commit, row("p", "1", table="U"))]
    await turns()
    writer.finish(number=1)
    writer.finish(number=1)

    assert await settled(*others) == [None, None]
    assert not hanging.done()
    writer.finish()
    assert await settled(hanging) == [None]


async def test_a_transaction_holds_a_hundred_rows_at_most(writer: FakeWriter, commit: GroupCommit) -> None:
    """250 rows are three transactions: 100, 100, 50."""
    callers = [start(commit, row("p", f"{number:03}")) for number in range(250)]
    await turns()
    writer.release()

    assert await settled(*callers) == [None] * 250
    assert [len(rows) for rows in writer.calls] == [MOST_ROWS, MOST_ROWS, 50]


async def test_a_transaction_holds_four_mebibytes_at_most(writer: FakeWriter, commit: GroupCommit) -> None:
    """Rows of 1 MB are written three at a time: the fake refuses what the service would refuse."""
    callers = [start(commit, row("p", str(number), 1_300_000)) for number in range(7)]
    await turns()
    writer.release()

    assert await settled(*callers) == [None] * 7
    assert [len(rows) for rows in writer.calls] == [3, 3, 1]


async def test_a_row_over_every_limit_goes_out_alone(writer: FakeWriter, commit: GroupCommit) -> None:
    """The service decides on it, and the lane continues."""
    callers = [start(commit, row("p", "0", MOST_BYTES)), start(commit, row("p", "1")), start(commit, row("p", "2"))]
    await turns()
    writer.release()

    assert await settled(*callers) == [None] * 3
    assert [len(rows) for rows in writer.calls] == [1, 2]


async def test_a_row_stands_once_in_a_transaction(writer: FakeWriter, commit: GroupCommit) -> None:
    """Concurrent redeliveries are one row and one write, and all their callers are answered."""
    callers = [start(commit, row("p", str(number % 2))) for number in range(6)]
    await turns()
    assert [[one.row_key for one in rows] for rows in writer.calls] == [["0", "1"]]

    writer.finish(StorageError("gone"))
    assert await settled(*callers) == [StorageError] * 6


async def test_a_row_that_comes_while_it_is_written_is_written_again(writer: FakeWriter, commit: GroupCommit) -> None:
    """A redelivery does not rely on a write whose outcome is still unknown."""
    first = start(commit, row("p", "1"))
    await turns()
    again = start(commit, row("p", "1"))
    await turns()
    writer.finish(StorageError("reply lost"))
    await turns()
    writer.finish()

    assert await settled(first, again) == [StorageError, None]


async def test_one_caller_may_bring_a_row_twice(writer: FakeWriter, commit: GroupCommit) -> None:
    """Equal rows of one caller count once."""
    caller = start(commit, row("p", "1"), row("p", "1"))
    await turns()
    writer.finish()

    assert await settled(caller) == [None]
    assert len(writer.calls) == 1


async def test_nothing_to_write_is_written_at_once(commit: GroupCommit) -> None:
    """Without rows the caller returns."""
    assert await settled(start(commit)) == [None]


async def test_a_failed_transaction_fails_those_in_it_only(writer: FakeWriter, commit: GroupCommit) -> None:
    """Callers before, after and in other partitions get their rows written."""
    before = start(commit, row("p", "0"))
    await turns()
    inside = [start(commit, row("p", "1")), start(commit, row("p", "2"))]
    beside = start(commit, row("q", "1"))
    await turns()
    writer.finish()
    await turns()
    behind = start(commit, row("p", "3"))
    await turns()
    failing = next(number for number, call in enumerate(writer.held) if len(call.rows) == 2)
    writer.finish(StorageError("503"), number=failing)
    await turns()
    writer.release()

    assert await settled(before, *inside, behind, beside) == [None, StorageError, StorageError, None, None]


async def test_a_caller_fails_when_any_of_its_rows_does(writer: FakeWriter, commit: GroupCommit) -> None:
    """If one of two tables takes its row, the caller fails, but only after both are settled."""
    caller = start(commit, row("p", "1"), row("p", "1", table="U"))
    await turns()
    writer.finish(StorageError("503"))
    await turns()
    assert not caller.done()

    writer.finish()
    assert await settled(caller) == [StorageError]


@pytest.mark.parametrize("refused_first", [True, False])
async def test_trouble_outweighs_refusal(writer: FakeWriter, commit: GroupCommit, *, refused_first: bool) -> None:
    """A caller with one row refused and one failed should be redelivered, not dead-lettered."""
    errors: list[BaseException] = [RowRefused("EntityTooLarge"), StorageError("503")]
    caller = start(commit, row("p", "1"), row("q", "1"))
    await turns()
    for error in errors if refused_first else reversed(errors):
        writer.finish(error)

    assert await settled(caller) == [StorageError]


def _refuse_poison(rows: Sequence[Row]) -> BaseException | None:
    poison = any("poison" in one.row_key for one in rows)
    return RowRefused("PropertyValueTooLarge") if poison else None


async def test_a_refused_row_does_not_fail_its_neighbours(writer: FakeWriter, commit: GroupCommit) -> None:
    """The rows of the transaction are written one by one, and only the refused one fails."""
    writer.verdict = _refuse_poison
    writer.release()
    callers = [start(commit, row("p", "poison" if number == 3 else str(number))) for number in range(10)]

    expected = [RowRefused if number == 3 else None for number in range(10)]
    assert await settled(*callers) == expected
    assert [len(rows) for rows in writer.calls] == [10, *[1] * 10]


@pytest.mark.parametrize(
    "bug", [KeyError("+15551234567"), asyncio.CancelledError(), ExceptionGroup("many", [ValueError("+15551234567")])]
)
async def test_a_bug_in_the_writer_fails_its_callers_and_no_later_ones(
    writer: FakeWriter, commit: GroupCommit, bug: BaseException
) -> None:
    """No caller is left waiting, the log quotes no row, and the partition still works afterwards."""
    caller = start(commit, row("p", "1"))
    await turns()
    waiting = start(commit, row("p", "2"))
    await turns()
    writer.finish(bug)
    await turns()
    writer.release()
    await settled(waiting)

    with pytest.raises(StorageError) as raised:
        await caller
    assert "15551234567" not in "".join(traceback.format_exception(raised.value))
    assert await settled(start(commit, row("p", "3"))) == [None]


async def test_the_traceback_of_a_bug_is_kept(writer: FakeWriter, commit: GroupCommit) -> None:
    """It shows where the bug was raised."""

    def stumble(_rows: Sequence[Row]) -> BaseException | None:
        raise ZeroDivisionError

    writer.verdict = stumble
    writer.release()
    with pytest.raises(StorageError, match="ZeroDivisionError") as raised:
        await commit.write([row("p", "1")])

    assert "in stumble" in "".join(traceback.format_exception(raised.value))


async def test_each_caller_gets_an_error_of_its_own(writer: FakeWriter, commit: GroupCommit) -> None:
    """Tracebacks of concurrent invocations do not accumulate."""
    callers = [start(commit, row("p", str(number))) for number in range(3)]
    await turns()
    writer.finish(StorageError("503 ServerBusy"))
    outcomes = await asyncio.gather(*callers, return_exceptions=True)

    assert len({id(outcome) for outcome in outcomes}) == 3
    assert {str(outcome) for outcome in outcomes} == {"503 ServerBusy"}


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
    deadline = loop.time() + 3  # a busy machine may take several times as long for a transaction
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


async def test_close_waits_for_what_is_under_way(writer: FakeWriter, commit: GroupCommit) -> None:
    """Rows in flight, and rows queued behind them, are written before it returns."""
    callers = [start(commit, row("p", "0"))]
    await turns()
    callers.append(start(commit, row("p", "1")))
    await turns()
    closing = asyncio.create_task(commit.close())
    await turns()
    assert not closing.done()

    writer.finish()
    await turns()
    assert not closing.done()
    writer.finish()
    assert await settled(*callers, closing) == [None] * 3
    assert len(writer.stored) == 2


async def test_a_closed_store_takes_no_rows(writer: FakeWriter, commit: GroupCommit) -> None:
    """A call after the shutdown fails, and Event Grid redelivers."""
    await commit.close()
    with pytest.raises(StorageError, match="shutting down"):
        await commit.write([row("p", "1")])

    assert writer.calls == []


@pytest.mark.promise("Bounded")
async def test_an_idle_store_holds_nothing() -> None:
    """After a thousand partitions no lane, task or row is left in memory."""
    writer = FakeWriter()
    commit = GroupCommit(writer)
    callers = [start(commit, row(str(number), "0"), row(str(number), "1")) for number in range(1_000)]
    assert await settled(*callers) == [None] * 1_000
    await turns()

    assert idle(commit)


async def test_a_failed_write_is_not_kept_alive(writer: FakeWriter, commit: GroupCommit) -> None:
    """Errors and their tracebacks are freed with their callers."""

    class WatchedError(StorageError):
        """An error with weak references."""

    writer.verdict = lambda _rows: WatchedError("503")
    writer.release()
    caller = start(commit, row("p", "1"))
    with pytest.raises(StorageError) as raised:
        await caller
    failure = weakref.ref(raised.value)
    del raised, caller
    await turns()
    gc.collect()

    assert failure() is None


@pytest.mark.promise("Crash-safe")
async def test_a_worker_that_is_torn_down_leaves_nobody_waiting() -> None:
    """If the event loop cancels everything, callers end and nothing is left."""
    writer = FakeWriter(holding=True)
    commit = GroupCommit(writer)
    callers = [start(commit, row("p", "0"))]
    await turns()
    callers += [start(commit, row("p", str(number))) for number in range(1, 5)]
    await turns()
    for task in commit._tasks:
        task.cancel()

    assert set(await settled(*callers)) <= {StorageError, Busy}
    with contextlib.suppress(asyncio.CancelledError):
        await commit.close()
    assert idle(commit)
    writer.held.clear()
