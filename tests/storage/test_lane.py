"""A lane: the rows of one partition that wait to be written."""

import asyncio

import pytest

from shared.errors import Busy
from shared.storage.lane import Lane, Write
from tests.storage.fake_writer import row


async def test_a_row_that_gives_way_is_settled_once() -> None:
    """The lane is empty afterwards, and the caller still waits for its row in another lane."""
    lane, write = Lane(), Write(2)
    lane.task = asyncio.create_task(asyncio.sleep(0))
    lane.add(row("p", "a"), write)
    lane.give_way("no room")
    lane.settle(lane.take_all(), Busy("settled again"))
    caller = asyncio.create_task(write.wait())
    await asyncio.sleep(0)

    assert lane.size == 0
    assert not caller.done()

    write.settle(None)
    with pytest.raises(Busy, match="no room"):
        await caller
