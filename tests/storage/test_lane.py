"""A lane: the rows of one partition that wait to be written."""

import asyncio

import pytest

from shared.errors import Busy
from shared.storage.lane import Lane, Write
from tests.storage.fake_writer import row


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
