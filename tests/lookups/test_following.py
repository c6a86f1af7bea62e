"""Following new events: for any order of arrival in virtual time, and on Azurite."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from azure.core.exceptions import ClientAuthenticationError, HttpResponseError, ServiceRequestError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.lookups import EventLine, EventQuery, Handle, Lookups
from shared.lookups.follow import LATE, RECENT, Follower, Watch
from shared.lookups.reader import ticks_of
from shared.sink import Sink
from shared.storage.account import Account
from tests.lookups.virtual_time import START, now, run
from tests.storage.events import sms
from tests.storage.opening import opened_sink

DAY = 24 * 3600.0
FOLLOWED = 300.0  # seconds of virtual time


class Arrival(NamedTuple):
    """A row, written some seconds after the start, for an event that is some seconds older.

    It becomes visible up to some seconds after its `Timestamp`, since the clocks and replicas of the service differ.
    """

    number: int
    written: float
    age: float
    visible_after: float = 0.0

    @property
    def line(self) -> EventLine:
        """Return the line that is shown of it."""
        handle = Handle(0, ticks_of(START + timedelta(seconds=self.written - self.age)), f"{self.number:016x}")
        return EventLine("", "sms.received", None, None, str(self.number), str(handle))


class Rows:
    """A `Timeline` in virtual time that responds after some seconds and is sometimes unreachable."""

    def __init__(self, arrivals: list[Arrival], outages: list[tuple[float, float]], delay: float = 0.05) -> None:
        self._arrivals = arrivals
        self._outages = outages
        self._delay = delay
        self.asked: list[datetime] = []
        self.reaches: set[timedelta] = set()
        self.written_since: list[datetime] = []

    async def read(self, since: datetime, written_since: datetime) -> AsyncGenerator[EventLine]:
        """Yield the lines that match both conditions, newest first."""
        seconds = asyncio.get_running_loop().time()
        self.asked.append(now())
        self.reaches.add(written_since - since)
        self.written_since.append(written_since)
        if any(start <= seconds < end for start, end in self._outages):
            raise ServiceRequestError("out of reach")
        await asyncio.sleep(self._delay)
        for arrival in sorted(self._arrivals, key=lambda one: one.age - one.written):
            time = START + timedelta(seconds=arrival.written)
            is_there = arrival.written + arrival.visible_after <= seconds
            if is_there and time >= written_since and time - timedelta(seconds=arrival.age) >= since:
                yield arrival.line


def follow(rows: Rows, seconds: float = FOLLOWED, notes: list[str] | None = None) -> list[tuple[int, float]]:
    """Follow for some seconds of virtual time; return the number of each line and the second in which it was shown."""
    shown: list[tuple[int, float]] = []

    async def watch() -> None:
        follower = Follower(rows.read, now, (notes if notes is not None else []).append)
        async with aclosing(follower.lines()) as lines:
            async for line in lines:
                second = asyncio.get_running_loop().time()
                shown.append((int(line.what or ""), second))

    async def for_some_time() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(watch(), seconds)

    run(for_some_time())
    return shown


AGES = st.one_of(st.floats(0, 119), st.floats(121, DAY - 1))
ARRIVALS = st.lists(
    st.builds(Arrival, st.just(0), st.floats(0, 200), AGES, st.floats(0, 10)), min_size=1, max_size=12
).map(lambda arrivals: [arrival._replace(number=number) for number, arrival in enumerate(arrivals)])
OUTAGES = st.lists(st.tuples(st.floats(5, 150), st.floats(1, 400)), max_size=2).map(
    lambda outages: [(start, start + length) for start, length in outages]
)


@settings(deadline=None, max_examples=50)
@given(ARRIVALS)
def test_each_event_is_shown_once_and_in_time(arrivals: list[Arrival]) -> None:
    """Within 2 s of becoming visible if it is at most 2 minutes old, within 60 s if it is up to 24 hours late."""
    shown = follow(Rows(arrivals, []))

    assert {arrival.number for arrival in arrivals} == {number for number, _ in shown}
    assert len(shown) == len(arrivals)
    for number, second in shown:
        arrival = arrivals[number]
        waited = second - arrival.written - arrival.visible_after
        assert waited <= (2 if arrival.age <= 120 else 60)


@settings(deadline=None, max_examples=50)
@given(ARRIVALS, OUTAGES, st.floats(0.05, 4))
def test_each_event_is_shown_once_across_outages(
    arrivals: list[Arrival], outages: list[tuple[float, float]], delay: float
) -> None:
    """Events written while the tables were unreachable are shown when they are back."""
    notes: list[str] = []
    shown = follow(Rows(arrivals, outages, delay), FOLLOWED + 500, notes)

    assert sorted(number for number, _ in shown) == [arrival.number for arrival in arrivals]
    assert set(notes) <= {"the tables are out of reach: asking again", "the tables are back"}
    assert notes[-1:] in ([], ["the tables are back"])


def test_an_outage_is_noted_when_it_begins_and_when_it_ends() -> None:
    """Once each, whichever poll fails first."""
    notes: list[str] = []
    follow(Rows([], [(20, 100)]), 200, notes)

    assert notes == ["the tables are out of reach: asking again", "the tables are back"]


def test_an_event_that_is_later_than_a_day_is_not_followed() -> None:
    """As the command's help says."""
    assert [] == follow(Rows([Arrival(0, 20, DAY + 3600)], []))


def test_events_of_the_last_two_minutes_are_shown_at_once() -> None:
    """The first two polls begin two minutes before the start, less their overlap of 15 s and of two minutes."""
    rows = Rows([], [])
    follow(rows, 0.5)

    assert [START - timedelta(minutes=2, seconds=15), START - timedelta(minutes=4)] == rows.written_since


def test_it_asks_no_more_than_about_once_a_second() -> None:
    """In a minute there is one query per second of the last two minutes, and one of the last day each half minute."""
    rows = Rows([], [])
    follow(rows, 60)

    assert len(rows.asked) <= 60 / RECENT.every + 60 / LATE.every + 2
    assert rows.reaches == {timedelta(minutes=2), timedelta(hours=24)}


def test_more_new_events_than_are_held_at_once_are_all_shown() -> None:
    """A poll that finds many passes them on in blocks, each with its oldest event first, while it reads on."""
    shown = follow(Rows([Arrival(number, 1, 1 + number / 100) for number in range(2_500)], []), 5)
    numbers = [number for number, _ in shown]

    assert [*range(999, -1, -1), *range(1_999, 999, -1), *range(2_499, 1_999, -1)] == numbers


def test_what_is_remembered_does_not_grow_with_the_hours() -> None:
    """The last hundred thousand events are told from new ones; two polls overlap by far fewer."""
    earlier = [Arrival(number, 0, 1).line for number in range(100_000)]
    new = Arrival(100_000, 0, 1).line
    polls = iter([[new], [earlier[0], new, earlier[1]]])

    async def read(_since: datetime, _written_since: datetime) -> AsyncGenerator[EventLine]:
        for line in next(polls):
            yield line

    async def watch() -> list[EventLine]:
        follower = Follower(read, now, print, (RECENT,), (line.handle for line in earlier))
        async with aclosing(follower.lines()) as lines:
            return [await anext(lines), await anext(lines)]

    assert [new, earlier[0]] == run(watch())


@pytest.mark.parametrize("error", [ClientAuthenticationError("no"), ValueError("a bug")])
def test_what_no_waiting_cures_ends_the_following(error: Exception) -> None:
    """A missing role, a bug, or tables that were never reached raise an error."""

    async def read(_since: datetime, _written_since: datetime) -> AsyncGenerator[EventLine]:
        if now() > START + timedelta(seconds=5):
            if isinstance(error, HttpResponseError):
                error.status_code = 403
            raise error
        for line in list[EventLine]():
            yield line

    async def watch() -> None:
        async for _ in Follower(read, now, print).lines():
            pass

    with pytest.raises(type(error)):
        run(watch())
    with pytest.raises(ServiceRequestError):
        run(_first(Follower(Rows([], [(0, 9)]).read, now, print)))


async def _first(follower: Follower) -> EventLine:
    async with aclosing(follower.lines()) as lines:
        async for line in lines:
            return line
    raise AssertionError("nothing was shown")


STEPS = st.lists(st.lists(st.one_of(st.floats(0, 130), st.floats(0, DAY - 60)), max_size=4), min_size=1, max_size=4)
# As on the clock, with shorter pauses: the overlaps stay, so that they cover what they must.
SHORT = (RECENT._replace(every=0.05), Watch(0.2, LATE.reach, LATE.overlap))


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
async def test_on_azurite_each_event_of_the_last_day_is_shown_once(account: Account, steps: list[list[float]]) -> None:
    """The app writes events of any age in batches during the following; a redelivery is not shown again."""
    mark = datetime.now(UTC).isoformat()
    ids = [f"{mark} {step} {one}" for step, ages in enumerate(steps) for one, _ in enumerate(ages)]
    shown: list[str] = []
    async with (
        opened_sink(account) as sink,
        Lookups(account) as lookups,
        asyncio.timeout(30),
        aclosing(lookups.follow(EventQuery(), watches=SHORT)) as lines,
    ):
        writing = asyncio.create_task(_write(sink, mark, steps))
        while set(shown) < set(ids):
            line = await anext(lines)
            if (line.what or "").startswith(mark):
                shown.append(str(line.what))
        await writing

    assert sorted(ids) == sorted(shown)


async def _write(sink: Sink, mark: str, steps: list[list[float]]) -> None:
    for step, ages in enumerate(steps):
        texts = []
        for number, age in enumerate(ages):
            name = f"{mark} {step} {number}"
            time = (datetime.now(UTC) - timedelta(seconds=age)).isoformat()
            texts.append(json.dumps({**json.loads(sms(name, message=name)), "eventTime": time}))
        await asyncio.gather(*(sink.receive(text, function="sms_events") for text in [*texts, *texts]))
        await asyncio.sleep(0.1)
