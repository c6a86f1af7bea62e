"""SMS: numbers, the conversations of a number, one message, and the delivery report of a number."""

from collections.abc import Sequence
from contextlib import aclosing
from functools import partial
from typing import Final, NamedTuple

import typer
from aiohttp import web

from acsevents.page.attempts import axis_of
from acsevents.page.frame import framed
from acsevents.page.notes import noted_by
from acsevents.page.recent import READ, recent
from acsevents.page.site import site_of
from acsevents.times import ticks
from shared.lookups import SmsReport, address
from shared.stories import SmsStory

_AT_ONCE: Final = 30  # messages; each needs a request
_MOST: Final = 480
_REPORTED: Final = "7d"


class _Conversations(NamedTuple):
    """Messages of a number.

    Attributes:
        by_peer: the messages with each other party.
        shown: their number.
        more: how many to show next, if there are more.
        all_shown: whether there are no more.
    """

    by_peer: dict[str, list[SmsStory]]
    shown: int
    more: int | None
    all_shown: bool


class _Told(NamedTuple):
    """The report of a number, if it has messages, and how many were delivered in which time."""

    report: SmsReport | None
    histogram: dict[str, int]


async def show_sms(request: web.Request) -> web.StreamResponse:
    """List the numbers of the newest events, or show one number or one message."""
    number, message = (request.query.get(name, "").strip() for name in ("number", "message"))
    if not number:
        numbers = partial(recent, site_of(request).lookups, lambda line: line.number)
        return await framed(request, "numbers.html", numbers, of_newest=READ)
    if message:
        return await _show_message(request, number, message)
    return await _show_conversations(request, number)


async def show_report(request: web.Request) -> web.StreamResponse:
    """Show the delivery report of a number."""
    number = request.query.get("number", "").strip()
    since = request.query.get("since", _REPORTED).strip()
    problem, begin = "", None
    try:
        begin = ticks(since) if since else None
    except typer.BadParameter as error:
        problem = str(error)

    async def read() -> _Told:
        report = None if problem else await site_of(request).lookups.sms_report(number, begin)
        return _Told(report, _histogram(report.seconds.spread) if report and report.seconds else {})

    status = 400 if problem else 200
    return await framed(
        request, "sms_report.html", read, status=status, number=address(number), since=since, problem=problem
    )


async def _show_message(request: web.Request, number: str, message: str) -> web.StreamResponse:
    notes: list[str] = []
    noted_by(notes.append)
    story = partial(site_of(request).lookups.sms, number, message)
    return await framed(
        request, "sms_message.html", story, number=address(number), message=message, axis_of=axis_of, notes=notes
    )


async def _show_conversations(request: web.Request, number: str) -> web.StreamResponse:
    notes: list[str] = []
    noted_by(notes.append)
    written = request.query.get("limit", "")
    limit = (
        min(int(written), _MOST) if written.isascii() and written.isdigit() and len(written) < len("1000") else _AT_ONCE
    )

    async def read() -> _Conversations:
        async with aclosing(site_of(request).lookups.conversation(number, limit=limit + 1)) as found:
            stories = [story async for story in found]
        return _Conversations(
            by_peer=_by_peer(stories[:limit], address(number)),
            shown=len(stories[:limit]),
            more=min(2 * limit, _MOST) if len(stories) > limit and limit < _MOST else None,
            all_shown=len(stories) <= limit,
        )

    return await framed(request, "sms.html", read, number=address(number), notes=notes)


def _histogram(spread: Sequence[tuple[float, int]]) -> dict[str, int]:
    return {f"up to {edge:g} s": count for edge, count in spread}


def _by_peer(stories: list[SmsStory], number: str) -> dict[str, list[SmsStory]]:
    """Group messages by the other party, each group oldest first; the group of the newest message comes first."""
    conversations: dict[str, list[SmsStory]] = {}
    for story in stories:
        peer = story.recipient if story.sender == number else story.sender
        conversations.setdefault(peer or "", []).insert(0, story)
    return conversations
