"""Chat threads, and one thread as a chat."""

from typing import Final

from aiohttp import web

from acsevents.page.conversation import entries
from acsevents.page.notes import noted_by
from acsevents.page.recent import READ, recent
from acsevents.page.site import site_of
from acsevents.page.templating import page

_AT_ONCE: Final = 200  # messages and changes on one page


async def show_threads(request: web.Request) -> web.Response:
    """List the threads of the newest events, or show one thread."""
    lookups = site_of(request).lookups
    thread_id = request.query.get("id", "").strip()
    if thread_id:
        return await _show_thread(request, thread_id, request.query.get("seen-by", "").strip() or None)
    threads = await recent(lookups, lambda line: line.thread)
    return page(request, "threads.html", threads=threads, read=READ)


async def _show_thread(request: web.Request, thread_id: str, seen_by: str | None) -> web.Response:
    notes: list[str] = []
    noted_by(notes.append)
    found = await site_of(request).lookups.thread_with_history(thread_id, seen_by)
    if found is None:
        return page(request, "problem.html", status=404, title="No such thread", problem="No event of it is recorded.")
    transcript, steps = found
    told = entries(transcript, steps)
    end = _number(request.query.get("end", ""), len(told))
    return page(
        request,
        "thread.html",
        thread=transcript,
        seen_by=seen_by,
        entries=told[max(end - _AT_ONCE, 0) : end],
        begin=max(end - _AT_ONCE, 0),
        end=end,
        of=len(told),
        at_once=_AT_ONCE,
        notes=notes,
    )


def _number(written: str, most: int) -> int:
    return (
        min(int(written), most)
        if written.isascii() and written.isdigit() and len(written) < len("1000000000")
        else most
    )
