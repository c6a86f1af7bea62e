"""Calls that are taken in together: what goes wrong with one is its own."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from shared import sink
from shared.catalogue import DEAD_LETTERS
from shared.errors import StorageError
from shared.sink import Recorded, Sink
from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row
from tests.storage.committing import turns
from tests.storage.events import sms
from tests.storage.fake_writer import FakeWriter
from tests.storage.room import UnlimitedRoom
from tests.storage.store import Store


class Moody(UnlimitedRoom):
    """A store with a bug that one message brings out, and with a partition too many of another."""

    def keep(self, rows: Sequence[Row]) -> None:
        """Keep rows, or fail."""
        if b"m-bug" in rows[0].body:
            raise ZeroDivisionError("m-bug")
        if b"m-busy" in rows[0].body:
            raise StorageError("too many rows waiting")


async def test_a_bug_while_rows_are_queued_fails_its_own_call_only() -> None:
    """The others are recorded, and what the failures say does not quote the event."""
    sink = Sink(Moody())
    names = ("m-1", "m-bug", "m-2", "m-busy", "m-3")
    calls = [sink.receive(sms(name), function="sms_events") for name in names]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)

    assert all(isinstance(outcome, Recorded) for outcome in outcomes[::2])
    assert isinstance(outcomes[1], StorageError)
    assert str(outcomes[1]) == "the write failed: ZeroDivisionError"
    assert isinstance(outcomes[3], StorageError)
    assert str(outcomes[3]) == "too many rows waiting"


@pytest.mark.promise("No poison loop")
@pytest.mark.parametrize("step", ["decode", "record_rows", "encode_rows"])
async def test_what_spoils_one_text_spoils_no_other(step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever step fails for a text, each call is answered for its own event, and the others are recorded."""
    sound: Callable[[Any], Any] = getattr(sink, step)

    def stumbling(value: Any) -> Any:
        content = str(getattr(value, "text", value))  # of a text, an event, or rows
        if "m-bug" in content and DEAD_LETTERS not in content:
            raise ZeroDivisionError
        return sound(value)

    monkeypatch.setattr(sink, step, stumbling)
    store = Store()
    texts = {"m-1": sms("m-1"), "m-bug": sms("m-bug"), "m-2": sms("m-2"), "m-cut": sms("m-cut")[:-1], "m-3": sms("m-3")}
    together = Sink(store)
    calls = [together.receive(text, function="sms_events") for text in texts.values()]
    outcomes = dict(zip(texts, await asyncio.gather(*calls), strict=True))

    assert {name for name, outcome in outcomes.items() if isinstance(outcome, Recorded)} == {"m-1", "m-2", "m-3"}
    for name, outcome in outcomes.items():
        if isinstance(outcome, Recorded):
            assert outcome.event.envelope.id == name
        else:
            assert outcome.error.reason == ("internal_error" if name == "m-bug" else "not_json")
    assert store.tables.count(DEAD_LETTERS) == 2


async def test_every_call_that_is_alone_waits_for_no_others() -> None:
    """It is written within a few turns of the event loop, the third like the first."""
    sink = Sink(UnlimitedRoom())
    for _ in range(3):
        call = asyncio.create_task(sink.receive(sms(), function="sms_events"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert call.done()


async def test_a_call_for_which_there_is_no_room_yet_is_recorded_when_there_is() -> None:
    """It waits for the calls before it to be answered, and nothing of it is written until then."""
    writer = FakeWriter(holding=True)
    sink = Sink(GroupCommit(writer, waiting_bytes=1))  # room for one call at a time, whatever its size
    first, second = [asyncio.create_task(sink.receive(sms(name), function="sms_events")) for name in ("m-1", "m-2")]
    await turns(20)
    assert 3 == len(writer.held)
    assert not [row for rows in writer.calls for row in rows if b"m-2" in row.body]

    writer.release()
    assert [isinstance(outcome, Recorded) for outcome in await asyncio.gather(first, second)] == [True, True]
    assert 6 == len(writer.stored)
