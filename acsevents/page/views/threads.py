"""Chat threads, and one thread as a chat."""

from functools import partial
from typing import Final, NamedTuple

from aiohttp import web

from acsevents.page.conversation import Changed, Said, entries
from acsevents.page.frame import framed
from acsevents.page.notes import noted_by
from acsevents.page.recent import READ, recent
from acsevents.page.site import site_of
from shared.stories import Transcript

_AT_ONCE: Final = 200  # messages and changes on one page


class _Part(NamedTuple):
    """What is shown of a thread.

    Attributes:
        thread: the whole.
        entries: the messages and changes that are shown.
        begin: how many come before them.
        end: the number of the last of them.
        of: how many there are.
    """

    thread: Transcript
    entries: list[Said | Changed]
    begin: int
    end: int
    of: int


async def show_threads(request: web.Request) -> web.StreamResponse:
    """List the threads of the newest events, or show one thread."""
    lookups = site_of(request).lookups
    thread_id = request.query.get("id", "").strip()
    if thread_id:
        return await _show_thread(request, thread_id, request.query.get("seen-by", "").strip() or None)
    threads = partial(recent, lookups, lambda line: line.thread)
    return await framed(request, "threads.html", threads, of_newest=READ)


async def _show_thread(request: web.Request, thread_id: str, seen_by: str | None) -> web.StreamResponse:
    notes: list[str] = []
    noted_by(notes.append)

    async def read() -> _Part | None:
        found = await site_of(request).lookups.thread_with_history(thread_id, seen_by)
        if found is None:
            return None
        told = entries(*found)
        end = _number(request.query.get("end", ""), len(told))
        begin = max(end - _AT_ONCE, 0)
        return _Part(found[0], told[begin:end], begin, end, len(told))

    return await framed(
        request, "thread.html", read, thread_id=thread_id, seen_by=seen_by, at_once=_AT_ONCE, notes=notes
    )


def _number(written: str, most: int) -> int:
    return (
        min(int(written), most)
        if written.isascii() and written.isdigit() and len(written) < len("1000000000")
        else most
    )
