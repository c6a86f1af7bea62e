"""Dead letters: by reason, the place of the problem marked, one or all of a reason replayed with the outcome told."""

import html
import json
import re
from typing import Any

import pytest

from acsevents.operations.stored_rows import StoredRows
from shared.errors import ContentError, InternalError, UnsupportedType
from shared.rows.dead_letters import dead_letter
from shared.storage.account import Account
from tests import samples
from tests.page.visiting import Answer, Visitor, record, visitor


def to_nobody(number: int) -> dict[str, Any]:
    """Make an SMS that no code can record."""
    event = samples.event("2025/SMSReceived")
    del event["data"]["to"]
    return {**event, "id": f"to-nobody-{number}"}


async def mended(account: Account, number: int, error: ContentError) -> None:
    """File a dead letter that was not understood then, and is now."""
    event = samples.event("2025/SMSReceived")
    text = json.dumps({**event, "id": f"mended-{number}"})
    async with StoredRows(account) as stored:
        await stored.put(dead_letter("sms_events", text, error))


def letters(answer: Answer) -> list[str]:
    """Name the dead letters of a list."""
    return re.findall(r'href="/dead-letters/(\w+)" data-row', answer.text)


def replays(answer: Answer) -> list[dict[str, str]]:
    """Return the forms that replay something."""
    forms = re.findall(r'action="/dead-letters/replay".*?name="(\w+)" value="([^"]*)"', answer.text, re.DOTALL)
    return [{name: html.unescape(value)} for name, value in forms]


async def replayed(page: Visitor, form: dict[str, str]) -> Answer:
    """Send a form that replays something, and follow to the outcome."""
    answer = await page.post("/dead-letters/replay", form)
    assert answer.status == 303
    return await page.get(answer.headers["Location"])


async def listed(page: Visitor) -> list[str]:
    """Name the dead letters that are there now."""
    return letters(await page.get("/dead-letters"))


async def test_dead_letters_are_listed_by_reason(account: Account) -> None:
    """With their counts; each leads to its own page, where the place of the problem is marked in its text."""
    await record(account, to_nobody(1), to_nobody(2), "<b>no JSON</b>")
    async with visitor(account) as page:
        every = await page.get("/dead-letters")
        of_reason = await page.get("/dead-letters?reason=not_json")
        (no_json,) = letters(of_reason)
        shown = await page.get(f"/dead-letters/{no_json}")
        (other, _) = [one for one in letters(every) if one != no_json]
        marked = await page.get(f"/dead-letters/{other}")

    assert len(letters(every)) == 3
    assert dict(re.findall(r">(\w+) <b>(\d+)</b></a>", every.text)) == {"missing_key": "2", "not_json": "1"}
    assert "&lt;b&gt;no JSON&lt;/b&gt;" in shown.text
    assert '<div class="marked">to is missing here</div>' in marked.text
    assert "$.data.to" in marked.text


async def test_one_dead_letter_is_replayed(account: Account) -> None:
    """It is recorded and gone, the others stay; the event that it became is a link."""
    for number in range(2):
        await mended(account, number, UnsupportedType("not known then"))
    async with visitor(account) as page:
        first, second = await listed(page)
        shown = await page.get(f"/dead-letters/{first}")
        (form,) = replays(shown)
        outcome = await replayed(page, form)
        (event,) = re.findall(r'<a href="(/events/\w+)">Show the event', outcome.text)

        assert form == {"id": first}
        assert "<b>1 recorded.</b>" in outcome.text
        assert await listed(page) == [second]
        assert "mended-" in (await page.get(event)).text


async def test_all_of_a_reason_are_replayed(account: Account) -> None:
    """And those of other reasons stay."""
    await mended(account, 1, UnsupportedType("not known then"))
    await mended(account, 2, UnsupportedType("not known then"))
    await mended(account, 3, InternalError("a bug then"))
    async with visitor(account) as page:
        form = replays(await page.get("/dead-letters?reason=unsupported_type"))[0]
        outcome = await replayed(page, form)

        assert form == {"reason": "unsupported_type"}
        assert "<b>2 recorded.</b>" in outcome.text
        assert len(await listed(page)) == 1


async def test_what_still_cannot_be_recorded_stays_and_tells_why(account: Account) -> None:
    """One on its own page, all in the list."""
    await record(account, to_nobody(1))
    await mended(account, 1, InternalError("a bug then"))
    async with visitor(account) as page:
        (stays,) = letters(await page.get("/dead-letters?reason=missing_key"))
        one = await replayed(page, {"id": stays})
        every = await replayed(page, replays(await page.get("/dead-letters"))[0])

        assert "<b>Nothing was recorded.</b>" in one.text
        assert "1 stays: missing_key." in one.text
        assert "$.data.to: missing" in one.text
        assert "<b>1 recorded.</b>" in every.text
        assert "1 stays: missing_key." in every.text
        assert await listed(page) == [stays]


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 400),
        ({"id": ""}, 400),
        ({"reason": "", "all": ""}, 400),
        ({"id": "none"}, 303),
        ({"reason": "' or 1 eq 1"}, 303),
    ],
)
async def test_a_form_that_names_nothing_replays_nothing(account: Account, form: dict[str, str], status: int) -> None:
    """Whatever a form says, it is a value, not a filter."""
    await mended(account, 1, InternalError("a bug then"))
    async with visitor(account) as page:
        answer = await page.post("/dead-letters/replay", form)

        shown = await page.get(answer.headers.get("Location", "/dead-letters"))

        assert answer.status == status
        assert "1 recorded" not in shown.text
        assert len(letters(shown)) == 1


async def test_an_outcome_that_is_reloaded_replays_nothing(account: Account) -> None:
    """The form leads to a page of its own; of the outcomes the last few are kept, so that memory does not grow."""
    await mended(account, 1, UnsupportedType("not known then"))
    async with visitor(account) as page:
        first = (await page.post("/dead-letters/replay", {"all": "1"})).headers["Location"]
        await mended(account, 2, UnsupportedType("not known then"))
        again = [await page.get(first) for _ in range(2)]
        for _ in range(20):
            await page.post("/dead-letters/replay", {"id": "none"})
        forgotten = await page.get(first)

    assert ["<b>1 recorded.</b>" in one.text for one in (*again, forgotten)] == [True, True, False]
    assert [len(letters(one)) for one in (*again, forgotten)] == [1, 1, 1]


async def test_a_page_for_reading_replays_and_sends_nothing(account: Account) -> None:
    """The server refuses it, whatever the browser shows; and it shows no button for it."""
    await mended(account, 1, InternalError("a bug then"))
    async with visitor(account, read_only=True) as page:
        before = await page.get("/dead-letters")
        (letter,) = letters(before)
        pages = [before, await page.get(f"/dead-letters/{letter}"), await page.get("/send")]
        refused = [
            await page.post("/dead-letters/replay", {"all": "1"}),
            await page.post("/dead-letters/replay", {"id": letter}),
            await page.post("/send", {"text": json.dumps(samples.event("2025/SMSReceived"))}),
        ]

        assert [one.status for one in pages] == [200, 200, 200]
        assert [] == [form for one in pages for form in re.findall(r'<form method="post"', one.text)]
        assert [one.status for one in refused] == [403, 403, 403]
        assert await listed(page) == [letter]


async def test_a_dead_letter_that_is_gone_is_told(account: Account) -> None:
    """It may have been replayed in another tab."""
    async with visitor(account) as page:
        answer = await page.get("/dead-letters/none")

    assert answer.status == 404
    assert "No such dead letter" in answer.text


async def test_more_dead_letters_than_are_shown_are_counted_honestly(account: Account) -> None:
    """The newest are shown."""
    await record(account, *(f"no JSON {number}" for number in range(205)))
    async with visitor(account) as page:
        answer = await page.get("/dead-letters")

    assert len(letters(answer)) == 200
    assert "The newest 200 of 205." in answer.text
