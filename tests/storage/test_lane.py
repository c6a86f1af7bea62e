"""A lane: the rows of one partition that wait to be written."""

import asyncio

import pytest

from shared.errors import Busy
from shared.storage.lane import MOST_ROWS, Lane, Write
from shared.storage.odata import transaction
from tests.storage.fake_writer import TRANSACTION_BYTES, row


async def test_a_row_that_gives_way_is_settled_once() -> None:
    """The lane is empty afterwards, and the caller still waits for its row in another lane."""
    lane, write = Lane(), Write()
    write.expect(2)
    lane.task = asyncio.create_task(asyncio.sleep(0))
    lane.add(row("p", "a"), write)
    lane.give_way("no room")
    lane.settle(lane.take_all(), Busy("settled again"))

    assert lane.size == 0
    assert not write.settled.done()

    write.settle(None)
    await write.settled
    with pytest.raises(Busy, match="no room"):
        write.check()


async def test_rows_beyond_a_full_group_take_a_group_of_their_own() -> None:
    """The time to drain counts whole transactions, since the last one takes as long as the others."""
    lane = Lane()
    lane.add(row("p", "first"), Write())
    lane.next_group(0.0)
    lane.finished(MOST_ROWS, 2.0)
    assert lane.seconds_to_drain(2.0) == 0

    for number in range(MOST_ROWS + 1):
        lane.add(row("p", str(number)), Write())
    assert lane.seconds_to_drain(2.0) == 4


async def test_a_group_fits_a_transaction_of_the_service() -> None:
    """A hundred rows that are together a little too large for 4 MiB are split."""
    lane, size = Lane(), TRANSACTION_BYTES // 100
    for number in range(100):
        lane.add(row("p", str(number), size), Write())
    groups = [[waiting.row for waiting in lane.next_group(0.0)] for _ in range(2)]

    assert 100 == sum(len(rows) for rows in groups)
    assert len(groups[0]) > 90
    assert len(transaction(groups[0], "https://account.table.core.windows.net")) <= TRANSACTION_BYTES
