"""Group commit under every order of events that hypothesis can think of.

Invocations arrive, are cancelled and are cut short by a shutdown, while writes succeed, fail, are refused or stumble
over a bug. Afterwards the writer's memory tells whether every promise was kept.
"""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from shared.errors import RowRefused, StorageError
from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row
from tests.storage.fake_writer import FakeWriter, Key, key, row

POISON = "9"

_KEYS = st.sampled_from("0123456789")
_ROWS = st.lists(
    st.builds(row, st.sampled_from("pq"), _KEYS, st.sampled_from([0, 0, 0, 700, 3_000]), st.sampled_from("TU")),
    min_size=1,
    max_size=3,
)


@dataclass(frozen=True)
class Arrive:
    """An invocation writes rows."""

    rows: Sequence[Row]


@dataclass(frozen=True)
class Cancel:
    """An invocation is cancelled."""

    caller: int


@dataclass(frozen=True)
class Finish:
    """One of the writes under way ends."""

    call: int
    error: type[BaseException] | None


@dataclass(frozen=True)
class Slot:
    """The event loop turns."""

    count: int


@dataclass(frozen=True)
class Close:
    """The worker shuts down."""


ACTIONS = st.lists(
    st.builds(Arrive, _ROWS)
    | st.builds(Slot, st.integers(1, 6))
    | st.builds(Cancel, st.integers(0, 30))
    | st.builds(Finish, st.integers(0, 5), st.sampled_from([None, None, None, StorageError, KeyError]))
    | st.builds(Finish, st.integers(0, 5), st.sampled_from([None, None, None, asyncio.CancelledError]))
    | st.builds(Arrive, _ROWS),
    min_size=15,
    max_size=80,
)


def _verdict(rows: Sequence[Row]) -> BaseException | None:
    return RowRefused("PropertyValueTooLarge") if any(one.row_key == POISON for one in rows) else None


@dataclass
class Caller:
    """One invocation."""

    rows: Sequence[Row]
    task: asyncio.Task[None]
    cancelled: bool = False


@dataclass
class Scene:
    """One run: acts out the actions, then checks what is left."""

    writer: FakeWriter = field(default_factory=lambda: FakeWriter(_verdict, holding=True))
    callers: list[Caller] = field(default_factory=list)
    failures: Counter[Key] = field(default_factory=Counter)
    torn: set[tuple[str, str]] = field(default_factory=set)
    closings: list[asyncio.Task[None]] = field(default_factory=list)

    async def play(self, actions: Sequence[object]) -> None:
        """Run the actions, let everything end, and check."""
        commit = GroupCommit(self.writer)
        for action in actions:
            await self._act(commit, action)
        self.writer.release()
        async with asyncio.timeout(20):
            outcomes = await asyncio.gather(*(caller.task for caller in self.callers), return_exceptions=True)
            await asyncio.gather(commit.close(), *self.closings)
        for caller, outcome in zip(self.callers, outcomes, strict=True):
            self._check(caller, outcome)
        self._check_nothing_left(commit)

    async def _act(self, commit: GroupCommit, action: object) -> None:
        match action:
            case Arrive(rows):
                self.callers.append(Caller(rows, asyncio.create_task(commit.write(rows))))
            case Cancel(number) if number < len(self.callers):
                self.callers[number].cancelled |= self.callers[number].task.cancel()
            case Finish(number, error) if number < len(self.writer.held):
                self._finish(number, error)
            case Slot(count):
                for _ in range(count):
                    await asyncio.sleep(0)
            case Close():
                self.closings.append(asyncio.create_task(commit.close()))

    def _finish(self, number: int, error: type[BaseException] | None) -> None:
        rows = self.writer.held[number].rows
        if error is not None:
            self.failures.update(key(one) for one in rows)
        if error is asyncio.CancelledError:  # then all who wait for the partition fail, too
            self.torn.add((rows[0].table, rows[0].partition))
        self.writer.finish(None if error is None else error("at random"), number=number)

    def _check(self, caller: Caller, outcome: BaseException | None) -> None:
        event(f"caller: {type(outcome).__name__}")
        poisoned = any(one.row_key == POISON for one in caller.rows)
        failed = any(self.failures[key(one)] or (one.table, one.partition) in self.torn for one in caller.rows)
        match outcome:
            case None:
                assert not poisoned
                for one in caller.rows:
                    assert key(one) in self.writer.stored, "acknowledged and not there"
            case asyncio.CancelledError():
                assert caller.cancelled, "a caller that nobody cancelled was cancelled"
            case RowRefused():
                assert poisoned, "refused without poison"
            case StorageError():
                assert failed or self.closings, "failed though none of its writes did"
            case _:
                raise AssertionError(outcome)

    def _check_nothing_left(self, commit: GroupCommit) -> None:
        assert not commit._lanes


@settings(max_examples=200, deadline=None)
@given(ACTIONS, st.none() | st.integers(0, 80))
@pytest.mark.promise("Kept")
def test_every_interleaving_keeps_the_promises(actions: list[object], closing: int | None) -> None:
    """Acknowledged rows are stored; failures reach those in the transaction and nobody else; nothing is left behind.

    The writer itself asserts that no transaction breaks the service's rules and no row is written twice at a time.
    """
    if closing is not None:
        actions.insert(closing, Close())
    asyncio.run(Scene().play(actions))
