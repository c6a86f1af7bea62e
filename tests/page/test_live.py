"""New events reach an open tab: each once, those that it asked for, and no more than its list can show."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import aiohttp
import pytest

from acsevents.page.live import Live
from acsevents.page.pulse import MINUTES, Pulse
from acsevents.page.server import serving
from acsevents.page.stream import _Telling
from acsevents.page.tab import CAP, Position, Tab
from acsevents.page.templating import _duration
from shared.events.timestamps import edm
from shared.lookups import EventLine, Handle, Lookups
from shared.lookups.reader import ticks_of
from shared.storage.account import Account
from tests import samples
from tests.page.visiting import KEY, Visitor, record, visitor

SECONDS = 60  # no test waits so long, unless something is wrong
NOW = datetime(2026, 1, 2, 12, 30, 30, tzinfo=UTC)


class Stream:
    """What a tab hears.

    Attributes:
        heard: kinds and texts of the messages.
        last_id: of the newest message.
    """

    def __init__(self, lines: AsyncIterator[bytes]) -> None:
        self._lines = lines
        self.heard: list[tuple[str, str]] = []
        self.last_id = ""

    async def hears(self, wanted: Callable[[Self], bool]) -> None:
        """Listen until something was heard."""
        async with asyncio.timeout(SECONDS):
            while not wanted(self):
                await self._message()

    @property
    def handles(self) -> list[str]:
        """The events that it was told of, in the order of the telling."""
        return [handle for _, text in self.heard for handle in re.findall(r'data-handle="(\w+)"', text)]

    async def _message(self) -> None:
        kind, data = "", []
        async for raw in self._lines:
            name, _, value = raw.decode().rstrip("\n").partition(": ")
            if name == "event":
                kind = value
            elif name == "id":
                self.last_id = value
            elif name == "data":
                data.append(value)
            elif not name and kind:
                self.heard.append((kind, "\n".join(data)))
                return
        raise AssertionError("the stream has ended")


@asynccontextmanager
async def listening(page: Visitor, path: str, **headers: str) -> AsyncIterator[Stream]:
    """Open a stream."""
    named = {"Sec-Fetch-Site": "same-origin", **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with page.session.get(page.url + path, headers=named) as answer:
        assert (answer.status, answer.content_type) == (200, "text/event-stream")
        yield Stream(aiter(answer.content))


async def stream_of(page: Visitor, path: str = "/") -> str:
    """Ask for a page, and return the address of its stream."""
    found = re.search(r'data-stream="([^"]+)"', (await page.get(path)).text)
    assert found is not None
    return found[1].replace("&amp;", "&")


def fresh(number: int, **data: Any) -> dict[str, Any]:
    """Make an SMS of now."""
    event = samples.event("2025/SMSReceived")
    time = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
    told = {**event["data"], "messageId": f"message-{number}", **data}
    return {**event, "id": f"sms-{number}", "eventTime": time, "data": told}


async def test_what_is_recorded_after_the_page_was_read_is_told_once(account: Account) -> None:
    """In a stream that is opened later: nothing falls between."""
    first, second = fresh(1), fresh(2)
    async with visitor(account) as page:
        path = await stream_of(page)
        await record(account, first)
        async with listening(page, path) as stream:
            await stream.hears(lambda one: bool(one.handles))
            await record(account, first, second)
            await stream.hears(lambda one: len(one.handles) >= 2)
            await stream.hears(lambda one: one.heard[-1][0] == "pulse" and "<b>2</b> events" in one.heard[-1][1])

    assert len(set(stream.handles)) == len(stream.handles) == 2


async def test_a_tab_hears_what_its_filters_let_pass(account: Account) -> None:
    """All of them, as in the list."""
    async with visitor(account) as page:
        path = await stream_of(page, "/?number=%2B15555550123&text=HELLO&family=sms_events&kind=sms.received")
        async with listening(page, path) as stream:
            await record(account, fresh(1, message="no"), fresh(2, message="hello", to="+15555550199"), fresh(3))
            await record(account, fresh(4, message="hello", **{"from": "+15555550188"}), fresh(5, message="Hello!"))
            await stream.hears(lambda one: bool(one.handles))
            await record(account, fresh(6, message="hello again"))
            await stream.hears(lambda one: len(one.handles) >= 3)

    told = "".join(text for kind, text in stream.heard if kind == "lines")
    assert [text for text in ("Hello!", "hello again") if text in told] == ["Hello!", "hello again"]
    assert len(stream.handles) == 3
    assert "+15555550188" not in told


async def test_a_connection_that_broke_goes_on_where_it_was(account: Account) -> None:
    """Browsers send the id of the last message."""
    async with visitor(account) as page:
        path = await stream_of(page)
        async with listening(page, path) as stream:
            await record(account, fresh(1))
            await stream.hears(lambda one: bool(one.handles))
        await record(account, fresh(2))
        async with listening(page, path, Last_Event_ID=stream.last_id) as again:
            await again.hears(lambda one: bool(one.handles))

    assert set(again.handles) & set(stream.handles) == set()


@pytest.mark.parametrize(
    "position", ["", "another.7", "another", "x.-1", "\N{SUPERSCRIPT TWO}.\N{SUPERSCRIPT TWO}", f"x.{'9' * 5000}"]
)
async def test_a_tab_of_another_server_is_told_to_read_anew(account: Account, position: str) -> None:
    """After a restart nobody knows what it has missed."""
    async with visitor(account) as page, listening(page, f"/stream?after={position}") as stream:
        await stream.hears(lambda one: bool(one.heard))

    assert stream.heard == [("lost", "")]


async def test_the_end_of_the_server_ends_its_streams(account: Account) -> None:
    """It does not wait for tabs that would listen for ever."""
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with serving(account, key=KEY) as address:
            page = Visitor(address, session)
            await page.get("/?key=" + KEY)
            answer = await session.get(page.url + await stream_of(page))
            assert (await answer.content.readline()).startswith(b"retry")
            listening = asyncio.create_task(answer.content.read())
        async with asyncio.timeout(SECONDS):
            await listening  # to its proper end: what is cut off raises


async def test_a_stream_of_filters_without_meaning_is_refused(account: Account) -> None:
    """As the list is."""
    async with visitor(account) as page:
        assert (await page.get("/stream?kind=none")).status == 400


def line(ticks: int, kind: str = "sms.received", written: int | None = None) -> EventLine:
    """Make a line."""
    handle = str(Handle(0, ticks, f"{ticks % 2**64:016x}"))
    return EventLine(edm(ticks), kind, "a", "b", "c", handle, written=None if written is None else edm(written))


async def test_a_slow_tab_keeps_what_its_list_can_show_and_counts_the_rest() -> None:
    """Memory does not grow with what nobody reads."""
    tab = Tab(lambda one: one.kind == "sms.received")
    for number in range(CAP + 7):
        tab.add(line(number + 10**18))
        tab.add(line(number + 10**18, kind="typing.received"))

    lines, left_out = tab.take()

    assert (len(lines), left_out) == (CAP, 7)
    assert lines[0].handle == line(10**18 + CAP + 6).handle
    assert tab.take() == ([], 0)


@pytest.mark.parametrize(("text", "position"), [("a.0", Position("a", 0)), ("a.12", Position("a", 12))])
def test_a_position_is_read_as_it_is_written(text: str, position: Position) -> None:
    """Both ways."""
    assert Position.parse(text) == position
    assert str(position) == text


def test_the_chart_counts_events_in_the_minute_of_their_own_time() -> None:
    """Of the last hour; what is older is forgotten."""
    pulse, now = Pulse(), ticks_of(NOW)
    minute = 60 * 10_000_000
    for ago, kind in ((0, "sms.received"), (0, "sms.received"), (1, "typing.received"), (59, "x.new"), (60, "x.new")):
        pulse.count(now - ago * minute, kind)

    minutes = pulse.minutes(NOW)

    assert len(minutes) == MINUTES
    assert minutes[-1].counts == {"sms.received": 2}
    assert minutes[-1].begin == edm(now - 30 * 10_000_000)
    assert (minutes[-2].counts, minutes[0].counts) == ({"typing.received": 1}, {"x.new": 1})
    assert sum(one.total for one in minutes) == 4
    assert sum(one.total for one in pulse.minutes(NOW + timedelta(minutes=30))) == 3


def test_the_lag_is_from_the_events_time_to_the_writing() -> None:
    """The median, and what 19 of 20 do not exceed; without a time of writing nothing is told."""
    pulse, now, second = Pulse(), ticks_of(NOW), 10_000_000
    pulse.time(line(now))
    assert pulse.lag() is None
    for seconds in range(1, 101):
        pulse.time(line(now, written=now + seconds * second))

    lag = pulse.lag()

    assert lag is not None
    assert (lag.median, lag.p95, lag.arrivals) == (51.0, 95.0, 100)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("number={number}", {"sms.received"}),
        ("user={user}", {"message.received"}),
        ("thread={thread}", {"bot-command.received"}),
        ("user={user}&family=chat_thread_events", {"bot-command.received"}),
        ("thread={thread}&family=chat_user_events", {"message.received"}),
    ],
)
async def test_what_arrives_is_what_stays_when_the_page_is_read_again(
    account: Account, query: str, expected: set[str]
) -> None:
    """A list of a number, user or thread is of what is filed under it, also while it is live."""
    time = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}0Z"
    told = samples.event("2021/ChatMessageReceived")
    user, thread = told["data"]["recipientCommunicationIdentifier"]["rawId"], told["data"]["threadId"]
    bot = samples.event("2025/ChatAzureBotCommandReceivedInThread")
    sender = {**bot["data"]["senderCommunicationIdentifier"], "rawId": user}
    in_thread = {**bot["data"], "threadId": thread, "senderCommunicationIdentifier": sender}
    now = [fresh(1), {**told, "eventTime": time}, {**bot, "eventTime": time, "data": in_thread}]
    past = [{**one, "id": f"past {one['id']}", "eventTime": "2026-01-01T00:00:00Z"} for one in now]
    await record(account, *past)
    path = "/?" + query.format(number="%2B15555550100", user=user, thread=thread)
    async with visitor(account) as page, listening(page, await stream_of(page, path)) as stream:
        await record(account, *now)
        await stream.hears(lambda one: one.heard[-1:] != [] and "<b>3</b> events" in one.heard[-1][1])
        again = await page.get(path)

    lines = "".join(text for kind, text in stream.heard if kind == "lines")
    assert {*re.findall(r'<span class="kind" data-kind="([^"]+)"', lines)} == expected
    assert set(stream.handles) < set(re.findall(r'data-handle="(\w+)"', again.text))


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        *[(0.0, "0 s"), (0.123, "0.12 s"), (-0.5, "-0.5 s"), (9.94, "9.9 s"), (12.4, "12 s"), (179.0, "179 s")],
        *[(180.0, "3 min"), (10_799.0, "180 min"), (10_800.0, "3 h"), (259_200.0, "3 d"), (6e7, "694 d")],
    ],
)
def test_durations_are_told_to_people(seconds: float, told: str) -> None:
    """From tenths of a second to the years of a sample that was sent today."""
    assert _duration(seconds) == told


class _Slow:
    """A connection over which another event arrives while one is sent."""

    def __init__(self, live: Live, tab: Tab) -> None:
        self.live, self.tab, self.sent = live, tab, ""

    async def write(self, data: bytes) -> None:
        """Take a message."""
        self.sent += data.decode()
        if b"event: lines" in data:
            self.live._arrivals += 1
            self.tab.add(line(ticks_of(NOW) + 1))


async def test_a_message_names_no_position_before_all_until_there_was_sent(account: Account) -> None:
    """A connection that breaks behind it goes on with what it has not been sent."""
    async with Lookups(account) as lookups:
        live, tab = Live(lookups), Tab(lambda _: True)
        connection = _Slow(live, tab)
        telling = _Telling(connection, live, lookups, tab, Position("", 0))  # type: ignore[arg-type]  # all it needs
        live._arrivals = 1
        tab.add(line(ticks_of(NOW)))
        await telling._tell_lines()
        await telling._tell_pulse()

    assert re.findall(r"event: (\w+)\nid: (\S+)", connection.sent) == [("lines", ".1"), ("pulse", ".1")]
