"""`acsevents thread` of a thread with few events."""

import asyncio

from tests.cli.conftest import record
from tests.cli.running import in_a_pipe
from tests.storage.events import event


def test_a_thread_in_which_nothing_changed_is_not_called_unknown(tables: str) -> None:
    """There may be typing indicators only."""
    typing = event("ChatTypingIndicatorReceivedInThread", {"threadId": "19:typing", "senderId": "8:acs:a"}, id="typing")
    asyncio.run(record(tables, typing))
    told = in_a_pipe("thread", "19:typing", "--history", EventTables=tables)
    unknown = in_a_pipe("thread", "19:unknown", "--history", EventTables=tables)

    assert (0, "", "acsevents: the thread is recorded, but no change in it\n") == told
    assert (1, "no such thread is recorded") == (unknown.code, unknown.err.splitlines()[-1].removeprefix("acsevents: "))
