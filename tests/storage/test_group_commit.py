"""Group commit, promise by promise, with a writer that the test controls."""

import asyncio

import pytest

from shared.errors import StorageError
from shared.storage.group_commit import GroupCommit
from shared.storage.lane import MOST_BYTES, MOST_ROWS
from tests.storage.committing import settled, start, turns
from tests.storage.fake_writer import FakeWriter, key, row


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


async def test_of_two_deliveries_that_wait_the_later_is_written(writer: FakeWriter, commit: GroupCommit) -> None:
    """They may differ in what does not tell events apart, such as the subject."""
    first = start(commit, row("p", "0"))
    await turns()
    (lane,) = commit._lanes.values()
    both = [start(commit, row("p", "1", size)) for size in (9, 5)]
    await turns()
    writer.finish()
    await turns()
    assert lane.size == row("p", "1", 5).size
    writer.finish()

    assert await settled(first, *both) == [None] * 3
    assert writer.stored["T", "p", "1"] == row("p", "1", 5).body
    assert lane.size == 0


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
