"""Dead letters and their replay."""

from collections import Counter
from contextlib import aclosing
from typing import Final

from aiohttp import web

from acsevents.dead_letter_replay import replay_in
from acsevents.operations.recording import read_event
from acsevents.operations.replay import Replayed
from acsevents.page.json_tree import tree_of
from acsevents.page.site import Site, site_of
from acsevents.page.templating import page
from shared.errors import ContentError
from shared.lookups import DeadLetter, Handle
from shared.rows.records import record_rows

_READ: Final = 1_000
_SHOWN: Final = 200
_MOST_TOLD: Final = 20  # reasons


class Outcome(Replayed):
    """The outcome of a replay.

    Attributes:
        told: the reasons of those that remain.
        handle: of the event, if one dead letter was replayed and recorded.
    """

    told: tuple[str, ...] = ()
    handle: str = ""


async def show_dead_letters(request: web.Request) -> web.Response:
    """List dead letters, by reason."""
    return await _list(request, request.query.get("reason", ""))


async def show_dead_letter(request: web.Request) -> web.Response:
    """Show one dead letter, with the place of the problem marked in its text."""
    return await _show(request, request.match_info["id"])


async def replay(request: web.Request) -> web.Response:
    """Replay one dead letter, those of one reason, or all, and show the outcome."""
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
    if letter is not None and not outcome.recorded:
        return await _show(request, id_, outcome)
    return await _list(request, "", outcome)


async def _list(request: web.Request, reason: str, outcome: Outcome | None = None) -> web.Response:
    site = site_of(request)
    letters, whole = await _read(site, None)
    reasons = Counter(letter.reason for letter in letters)
    if reason and not whole:  # those that were read may lack some of it
        letters, _ = await _read(site, reason)
    chosen = [letter for letter in letters if reason in {"", letter.reason}]
    return page(
        request,
        "dead_letters.html",
        letters=sorted(chosen, key=lambda letter: letter.time, reverse=True)[:_SHOWN],
        chosen=len(chosen),
        reasons=dict(reasons.most_common()),
        read=None if whole else _READ,
        reason=reason,
        outcome=outcome,
    )


async def _read(site: Site, reason: str | None) -> tuple[list[DeadLetter], bool]:
    """Read dead letters up to a limit; tell whether they are all."""
    read: list[DeadLetter] = []
    async with aclosing(site.lookups.dead_letters(reason=reason)) as letters:
        async for letter in letters:
            if len(read) == _READ:
                return read, False
            read.append(letter)
    return read, True


async def _show(request: web.Request, id_: str, outcome: Outcome | None = None) -> web.Response:
    letter = await site_of(request).lookups.dead_letter(id_)
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
        outcome=outcome,
    )


def _handle(letter: DeadLetter) -> str:
    """Return the handle of the event of a dead letter."""
    event = read_event(letter.raw or "")
    if isinstance(event, ContentError):
        return ""
    row = record_rows(event)[0]
    return str(Handle.of_record(row.partition, row.row_key))
