"""Batches and the retry schedule, without a network."""

from collections import deque
from datetime import UTC, datetime
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsevents.local.event_grid.batches import Pending, take
from acsevents.local.event_grid.events import Event
from acsevents.local.event_grid.schedule import JITTER, MINIMUM, TIMED_OUT, answered, delay
from shared.events.envelope import Schema


def _pending(size: int, schema: Schema = "EventGridSchema") -> Pending:
    event = Event(schema, id="1", type="T", subject="", text=b"x" * size, version="1")
    return Pending(event, datetime(2024, 1, 1, tzinfo=UTC))


_PENDING = st.builds(_pending, size=st.integers(min_value=1, max_value=300), schema=st.sampled_from(get_args(Schema)))


@given(
    events=st.lists(_PENDING, max_size=40),
    max_events=st.integers(min_value=1, max_value=10),
    preferred=st.integers(min_value=1, max_value=1000),
)
def test_batches_conserve_events_and_keep_the_limits(events: list[Pending], max_events: int, preferred: int) -> None:
    """Every event is in exactly one batch.

    No batch mixes schemas or exceeds a limit, except for a single large event.
    """
    waiting = deque(events)
    batches = []
    while waiting:
        batches.append(take(waiting, max_events, preferred))

    assert [id(one) for batch in batches for one in batch] == [id(one) for one in events]
    for batch in batches:
        assert 1 <= len(batch) <= max_events
        assert len(batch) == 1 or sum(len(one.event.text) for one in batch) <= preferred
        assert len({one.event.schema for one in batch}) == 1


def test_an_oversized_event_goes_alone_and_small_ones_fill_the_batch() -> None:
    """An event over the preferred size is a batch of its own; a batch of exactly that size is full."""
    sizes = [50, 50, 500, 30, 70, 1]
    waiting = deque(_pending(size) for size in sizes)

    batches = []
    while waiting:
        batches.append([len(one.event.text) for one in take(waiting, 100, 100)])

    assert batches == [[50, 50], [500], [30, 70], [1]]


@given(
    attempts=st.integers(min_value=1, max_value=30),
    status=st.none() | st.integers(min_value=300, max_value=599),
    chance=st.floats(min_value=0, max_value=1),
)
def test_the_schedule_grows_within_its_limits(attempts: int, status: int | None, chance: float) -> None:
    """A later attempt never waits less.

    No wait is shorter than the minimum of its status, or longer than 12 hours and the random part.
    """
    outcome = answered(status) if status else TIMED_OUT
    seconds = delay(attempts, outcome, chance)

    assert delay(attempts + 1, outcome, chance) >= seconds
    assert max(10, MINIMUM.get(status or 0, 0)) <= seconds <= 12 * 3600 * (1 + JITTER)


def test_the_schedule_is_the_documented_one() -> None:
    """10 s, 30 s, 1 m, 5 m, 10 m, 30 m, 1 h, 3 h, 6 h, then every 12 h."""
    hour = 3600
    waits = [delay(attempts, TIMED_OUT, 0) for attempts in range(1, 13)]

    assert waits == [10, 30, 60, 300, 600, 1800, hour, 3 * hour, 6 * hour, 12 * hour, 12 * hour, 12 * hour]


@pytest.mark.parametrize(("status", "seconds"), [(401, 300), (404, 300), (408, 120), (503, 30), (500, 10), (429, 10)])
def test_some_codes_wait_longer(status: int, seconds: int) -> None:
    """The first retry keeps the code's documented minimum."""
    assert delay(1, answered(status), 0) == seconds


@pytest.mark.parametrize("status", range(200, 600))
def test_only_200_to_204_are_success(status: int) -> None:
    """Every other code is a failed delivery."""
    assert answered(status).accepted is (200 <= status <= 204)
