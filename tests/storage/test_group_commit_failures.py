"""Which callers of a group commit fail, with which error, when a write does."""

import asyncio
import contextlib
import gc
import traceback
import weakref
from collections.abc import Sequence

import pytest

from shared.errors import Busy, RowRefused, StorageError
from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row
from tests.storage.committing import idle, settled, start, turns
from tests.storage.fake_writer import FakeWriter, row


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
    """The halves of the transaction are written one after the other, and only the refused row fails."""
    writer.verdict = _refuse_poison
    writer.release()
    callers = [start(commit, row("p", "poison" if number == 3 else str(number))) for number in range(10)]

    expected = [RowRefused if number == 3 else None for number in range(10)]
    assert await settled(*callers) == expected
    assert [len(rows) for rows in writer.calls] == [10, 5, 2, 3, 1, 2, 1, 1, 5]


async def test_refused_rows_take_one_connection_at_a_time(writer: FakeWriter, commit: GroupCommit) -> None:
    """However many there are: the others belong to other partitions."""
    writer.verdict = lambda _rows: RowRefused("PropertyValueTooLarge")
    writer.holding = True
    callers = [start(commit, row("p", str(number))) for number in range(20)]
    while not all(caller.done() for caller in callers):
        await turns()
        assert len(writer.held) <= 1
        if writer.held:
            writer.finish(RowRefused("PropertyValueTooLarge"))

    assert await settled(*callers) == [RowRefused] * 20


async def test_who_gives_way_between_two_halves_is_told(writer: FakeWriter, commit: GroupCommit) -> None:
    """Nobody waits for the half that is never sent."""
    writer.holding = True
    callers = [start(commit, row("p", str(number))) for number in range(4)]
    await turns()
    writer.finish(RowRefused("PropertyValueTooLarge"))
    (lane,) = commit._lanes.values()
    lane.give_way("room is short")

    assert await settled(*callers) == [Busy] * 4


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
    for lane in commit._lanes.values():
        lane.task.cancel()

    assert set(await settled(*callers)) <= {StorageError, Busy}
    with contextlib.suppress(asyncio.CancelledError):
        await commit.close()
    assert idle(commit)
    writer.held.clear()
