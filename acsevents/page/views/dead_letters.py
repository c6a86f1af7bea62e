"""Dead letters and their replay."""

from collections import Counter
from contextlib import aclosing
from functools import partial
from typing import Final, NamedTuple
from urllib.parse import quote

from aiohttp import web

from acsevents.dead_letter_replay import replay_in
from acsevents.operations.recording import read_event
from acsevents.page.frame import framed
from acsevents.page.json_tree import tree_of
from acsevents.page.outcomes import Outcome
from acsevents.page.site import Site, site_of
from acsevents.page.templating import link, page
from shared.errors import ContentError
from shared.lookups import DeadLetter, Handle
from shared.rows.records import record_rows

_READ: Final = 1_000
_SHOWN: Final = 200
_MOST_TOLD: Final = 20  # reasons


class _Listed(NamedTuple):
    """Dead letters of one reason, or of all.

    Attributes:
        letters: the newest of them.
        chosen: how many there are.
        reasons: how many there are of each reason.
        whole: whether all were read and counted.
    """

    letters: list[DeadLetter]
    chosen: int
    reasons: dict[str, int]
    whole: bool


async def show_dead_letters(request: web.Request) -> web.StreamResponse:
    """List dead letters, by reason."""
    reason = request.query.get("reason", "")
    listed = partial(_list, site_of(request), reason)
    return await framed(request, "dead_letters.html", listed, reason=reason, most=_READ, outcome=_outcome(request))


async def replay(request: web.Request) -> web.Response:
    """Replay one dead letter, those of one reason, or all, and lead to the page that shows the outcome."""
    site = site_of(request)
    form = await request.post()
    id_, reason, everything = (str(form.get(name, "")) for name in ("id", "reason", "all"))
    if not (id_ or reason or everything):
        raise web.HTTPBadRequest
    outcome = Outcome()
    told: list[str] = []
    letter = await site.lookups.dead_letter(id_) if id_ else None
    await replay_in(site.account, outcome, reason=reason or None, id_=id_ or None, tell=told.append)
    outcome.told = tuple(told[:_MOST_TOLD])
    if letter is not None and outcome.recorded:
        outcome.handle = _handle(letter)
    stays = letter is not None and not outcome.recorded
    path = f"/dead-letters/{quote(id_, safe='')}" if stays else "/dead-letters"
    raise web.HTTPSeeOther(link(path, outcome=site.outcomes.keep(outcome)))


def _outcome(request: web.Request) -> Outcome | None:
    return site_of(request).outcomes.get(request.query.get("outcome", ""))


async def _list(site: Site, reason: str) -> _Listed:
    letters, whole = await _read(site, None)
    reasons = Counter(letter.reason for letter in letters)
    if reason and not whole:  # those that were read may lack some of it
        letters, _ = await _read(site, reason)
    chosen = [letter for letter in letters if reason in {"", letter.reason}]
    newest = sorted(chosen, key=lambda letter: letter.time, reverse=True)[:_SHOWN]
    return _Listed(newest, len(chosen), dict(reasons.most_common()), whole)


async def _read(site: Site, reason: str | None) -> tuple[list[DeadLetter], bool]:
    """Read dead letters up to a limit; tell whether they are all."""
    read: list[DeadLetter] = []
    async with aclosing(site.lookups.dead_letters(reason=reason)) as letters:
        async for letter in letters:
            if len(read) == _READ:
                return read, False
            read.append(letter)
    return read, True


async def show_dead_letter(request: web.Request) -> web.Response:
    """Show one dead letter, with the place of the problem marked in its text."""
    letter = await site_of(request).lookups.dead_letter(request.match_info["id"])
    if letter is None:
        told = "It is not there: it may have been replayed."
        return page(request, "problem.html", status=404, title="No such dead letter", problem=told)
    text = letter.readable()["raw"]
    place, _, problem = letter.detail.partition(": ")
    return page(
        request,
        "dead_letter.html",
        letter=letter,
        text=text,
        place=place,
        problem=problem,
        tree=tree_of(text, place),
        outcome=_outcome(request),
    )


def _handle(letter: DeadLetter) -> str:
    """Return the handle of the event of a dead letter."""
    event = read_event(letter.raw or "")
    if isinstance(event, ContentError):
        return ""
    row = record_rows(event)[0]
    return str(Handle.of_record(row.partition, row.row_key))
