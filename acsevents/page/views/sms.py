"""SMS: numbers, the conversations of a number, one message, and the delivery report of a number."""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Final

import typer
from aiohttp import web

from acsevents.page.attempts import axis_of
from acsevents.page.notes import noted_by
from acsevents.page.recent import READ, recent
from acsevents.page.site import site_of
from acsevents.page.templating import page
from acsevents.times import ticks
from shared.lookups import address
from shared.stories import SmsStory

_AT_ONCE: Final = 30  # messages; each needs a request
_MOST: Final = 480
_REPORTED: Final = "7d"


async def show_sms(request: web.Request) -> web.Response:
    """List the numbers of the newest events, or show one number or one message."""
    number, message = (request.query.get(name, "").strip() for name in ("number", "message"))
    if not number:
        numbers = await recent(site_of(request).lookups, lambda line: line.number)
        return page(request, "numbers.html", numbers=numbers, read=READ)
    if message:
        return await _show_message(request, number, message)
    return await _show_conversations(request, number)


async def show_report(request: web.Request) -> web.Response:
    """Show the delivery report of a number."""
    number = request.query.get("number", "").strip()
    since = request.query.get("since", _REPORTED).strip()
    problem, report = "", None
    try:
        report = await site_of(request).lookups.sms_report(number, ticks(since) if since else None)
    except typer.BadParameter as error:
        problem = str(error)
    return page(
        request,
        "sms_report.html",
        status=400 if problem else 200,
        number=address(number),
        since=since,
        report=report,
        histogram=_histogram(report.seconds.spread) if report and report.seconds else {},
        problem=problem,
    )


async def _show_message(request: web.Request, number: str, message: str) -> web.Response:
    notes: list[str] = []
    noted_by(notes.append)
    story = await site_of(request).lookups.sms(number, message)
    if story is None:
        return page(request, "problem.html", status=404, title="No such SMS", problem="No event of it is recorded.")
    return page(request, "sms_message.html", number=address(number), story=story, axis=axis_of(story), notes=notes)


async def _show_conversations(request: web.Request, number: str) -> web.Response:
    notes: list[str] = []
    noted_by(notes.append)
    written = request.query.get("limit", "")
    limit = (
        min(int(written), _MOST) if written.isascii() and written.isdigit() and len(written) < len("1000") else _AT_ONCE
    )
    async with aclosing(site_of(request).lookups.conversation(number, limit=limit + 1)) as found:
        stories = [story async for story in found]
    return page(
        request,
        "sms.html",
        status=200 if stories else 404,
        number=address(number),
        conversations=_by_peer(stories[:limit], address(number)),
        shown=len(stories[:limit]),
        more=min(2 * limit, _MOST) if len(stories) > limit and limit < _MOST else None,
        all_shown=len(stories) <= limit,
        notes=notes,
    )


def _histogram(spread: Sequence[tuple[float, int]]) -> dict[str, int]:
    return {f"up to {edge:g} s": count for edge, count in spread}


def _by_peer(stories: list[SmsStory], number: str) -> dict[str, list[SmsStory]]:
    """Group messages by the other party, each group oldest first; the group of the newest message comes first."""
    conversations: dict[str, list[SmsStory]] = {}
    for story in stories:
        peer = story.recipient if story.sender == number else story.sender
        conversations.setdefault(peer or "", []).insert(0, story)
    return conversations
