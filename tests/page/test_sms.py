"""SMS: the numbers, their conversations, one message on an axis of time, and how well a number delivers."""

import html
import json
import re
from typing import Any

import pytest

from acsevents.page.attempts import axis_of
from shared.storage.account import Account
from shared.stories import Attempt, SmsStory
from tests import samples
from tests.page.visiting import record, visitor

OWN, PEER = "+15555550100", "+15555550123"


def story(*attempts: Attempt, status: str | None = "Delivered") -> SmsStory:
    """Make a message."""
    return SmsStory("m", "outbound", OWN, PEER, status, attempts=attempts, last_event="2026-01-02T12:00:10.0000000Z")


def report(number: int, status: str = "Delivered", seconds: int = 3, **data: Any) -> dict[str, Any]:
    """Make a delivery report, some seconds after the first attempt."""
    event = samples.event("2025/SMSDeliveryReportReceived")
    attempts = [{"timestamp": "2026-01-02T12:00:00Z", "segmentsSucceeded": 1, "segmentsFailed": 0}]
    told = {
        **event["data"],
        "messageId": f"message-{number}",
        "deliveryStatus": status,
        "deliveryAttempts": attempts,
        "receivedTimestamp": f"2026-01-02T12:{seconds // 60:02}:{seconds % 60:02}Z",
        **data,
    }
    return {**event, "id": f"report-{number}", "eventTime": told["receivedTimestamp"], "data": told}


def test_attempts_stand_on_an_axis_of_time() -> None:
    """Their distances are those of the times, and the report is the last."""
    axis = axis_of(
        story(Attempt("2026-01-02T12:00:00Z", 0, 1), Attempt("2026-01-02T12:00:05Z", 2, 0), Attempt("no time", 1, 0))
    )

    assert [point.x for point in axis] == [20.0, 500.0, 980.0]
    assert [point.after for point in axis] == [0.0, 5.0, 10.0]
    assert [point.outcome for point in axis] == ["bad", "good", "good"]
    assert axis[0].words == "attempt 1: 0 segments sent, 1 segment failed"
    assert axis[-1].words == "reported: Delivered"


@pytest.mark.parametrize(
    ("attempts", "points"),
    [((), 0), ((Attempt(None),), 0), ((Attempt(""),), 0), ((Attempt("2026-01-02T12:00:10Z"),), 2)],
)
def test_without_a_time_there_is_no_axis(attempts: tuple[Attempt, ...], points: int) -> None:
    """All at one instant stand in one place."""
    axis = axis_of(story(*attempts, status=None))

    assert len(axis) == points
    assert {(point.x, point.outcome) for point in axis} <= {(20.0, "open")}


async def test_a_number_has_its_conversations(account: Account) -> None:
    """With each other party, what came in and what became of what went out; each message leads to its own page."""
    received = samples.event("2025/SMSReceived")
    of_another = {**received, "id": "other", "data": {**received["data"], "from": "+15555550188", "messageId": "m-2"}}
    failed = report(1, "Failed", deliveryStatusDetails="No route to <b>them</b>")
    await record(account, received, of_another, failed)
    async with visitor(account) as page:
        numbers = await page.get("/sms")
        (path,) = re.findall(r'href="(/sms\?number=[^"]*)"', numbers.text)
        conversations = await page.get(html.unescape(path))
        links = [
            html.unescape(link) for link in re.findall(r'href="(/sms\?number=[^"]*message=[^"]*)"', conversations.text)
        ]
        messages = [await page.get(link) for link in links]

    assert re.findall(r'aria-label="with ([^"]*)"', conversations.text) == [PEER, "+15555550188"]
    assert "Is table 7 free tonight?" in conversations.text
    assert "No route to &lt;b&gt;them&lt;/b&gt;" in conversations.text
    assert [answer.status for answer in messages] == [200, 200, 200]


async def test_the_other_party_may_be_asked_for(account: Account) -> None:
    """In any spelling."""
    await record(account, report(1))
    async with visitor(account) as page:
        answer = await page.get("/sms?number=1+(555)+555-0123")

    assert f'aria-label="with {OWN}"' in answer.text


async def test_more_messages_than_are_shown_are_counted_honestly(account: Account) -> None:
    """And reached."""
    await record(account, *(report(number, seconds=number) for number in range(35)))
    async with visitor(account) as page:
        few = await page.get("/sms?number=%2B15555550100")
        (more,) = re.findall(r'<a href="([^"]*)">Show more', few.text)
        every = await page.get(html.unescape(more))

    assert "These are the 30 messages that something happened to last" in few.text
    assert "These are all 35 messages" in every.text


async def test_a_report_tells_states_reasons_and_times(account: Account) -> None:
    """With a histogram of the times to delivery."""
    slow = [report(number, seconds=100) for number in range(2)]
    await record(account, *slow, report(2, seconds=3), report(3, "Failed", deliveryStatusDetails="Unreachable"))
    async with visitor(account) as page:
        ever = await page.get("/sms/report?number=%2B15555550100&since=")
        lately = await page.get("/sms/report?number=%2B15555550100&since=1d")

    rows = dict(re.findall(r'<th scope="row">([^<]*)</th><td class="count">([\d,]+)</td>', ever.text))
    assert rows["Delivered"] == "3"
    assert (rows["Failed"], rows["Unreachable"]) == ("1", "1")
    assert {name: rows[name] for name in rows if name.startswith("up to")} == {
        "up to 5 s": "1",
        "up to 10 s": "0",
        "up to 20 s": "0",
        "up to 30 s": "0",
        "up to 60 s": "0",
        "up to 120 s": "2",
    }
    assert "No SMS is filed under that number in that time" in lately.text


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/sms?number=%2B15555550199", 200, "No SMS of that number is recorded."),
        ("/sms?number=%2B15555550100&message=none", 200, "No such SMS"),
        ("/sms/report?number=%2B15555550199", 200, "No SMS is filed under that number"),
        ("/sms/report", 200, "No SMS is filed under that number"),
        ("/sms/report?number=1&since=x", 400, "is not a time"),
        ("/sms?number=%00%2F%23&limit=x", 200, "No SMS of that number is recorded."),
        ("/sms?number=+", 200, "No SMS is among the newest events."),
    ],
)
async def test_what_is_not_there_is_told(account: Account, path: str, status: int, told: str) -> None:
    """In words."""
    async with visitor(account) as page:
        answer = await page.get(path)

    assert answer.status == status
    assert told in answer.text


async def test_a_story_that_leaves_something_open_names_it(account: Account) -> None:
    """As the command does."""
    twice = [report(1, "Failed"), {**report(1, "Expired"), "id": "another"}]
    await record(account, *(json.dumps(one) for one in twice))
    async with visitor(account) as page:
        answer = await page.get("/sms?number=%2B15555550100&message=message-1")

    assert "Gaps in the records" in answer.text
