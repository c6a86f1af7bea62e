"""The stream of an open tab as server-sent events: lines of the list, and statistics of the last hour.

https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import asyncio
import time
from contextlib import suppress
from functools import partial
from typing import Final

from aiohttp import web

from acsevents.page.chart import drawn
from acsevents.page.filters import Filters
from acsevents.page.live import MOST_DEAD_LETTERS, Live
from acsevents.page.site import site_of
from acsevents.page.tab import Position, Tab
from acsevents.page.templating import render
from shared.lookups import Lookups

_GATHER_SECONDS: Final = 0.2  # events that arrive together are sent together
_PULSE_SECONDS: Final = 2.0
_SILENCE_SECONDS: Final = 15.0  # then a comment keeps the connection alive


async def stream(request: web.Request) -> web.StreamResponse:
    """Send the events that match the filters of a tab, beginning at its position."""
    site = site_of(request)
    try:
        filters = Filters.read(request.query)
    except ValueError as error:
        return web.Response(status=400, text=f"{error}\n")
    after = Position.parse(request.headers.get("Last-Event-ID") or request.query.get("after", ""))
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "X-Accel-Buffering": "no"})
    await response.prepare(request)
    match = partial(filters.match, of_owner="of-owner" in request.query)
    with site.live.tab(match, after) as tab, suppress(ConnectionError):
        await _Telling(response, site.live, site.lookups, tab, after).run()
    return response


def pulse(live: Live, lookups: Lookups) -> str:
    """Render the chart and the figures of the last hour."""
    minutes = live.pulse.minutes(lookups.now())
    counted_from = live.pulse.counted_from
    return render(
        "_pulse.html",
        chart=drawn(minutes),
        lag=live.pulse.lag(),
        told=live.told,
        counting=counted_from is None,
        counted_from=counted_from if counted_from is not None and counted_from > minutes[0].begin else None,
        most_dead_letters=MOST_DEAD_LETTERS,
    )


class _Telling:
    def __init__(self, response: web.StreamResponse, live: Live, lookups: Lookups, tab: Tab, after: Position) -> None:
        self._response = response
        self._live = live
        self._lookups = lookups
        self._tab = tab
        self._told = (0, -1)
        self._position = after
        self._silent_since = self._pulse_at = time.monotonic()

    async def run(self) -> None:
        """Send until the server closes, or the tab must reload the list."""
        await self._response.write(b"retry: 1000\n\n")
        while not self._live.closing:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._tab.changed.wait(), _PULSE_SECONDS)
                await asyncio.sleep(_GATHER_SECONDS)
            if self._tab.lost:
                await self._send("lost", "")
                return
            await self._tell_lines()
            await self._tell_pulse()

    async def _tell_lines(self) -> None:
        lines, left_out = self._tab.take()
        self._position = self._live.position  # later arrivals are not sent yet
        if lines:
            await self._send("lines", render("_lines.html", lines=lines, left_out=left_out))

    async def _tell_pulse(self) -> None:
        now = time.monotonic()
        state = (int(now // 60), self._live.beat)
        if state != self._told and now >= self._pulse_at:
            self._told, self._pulse_at = state, now + _PULSE_SECONDS
            await self._send("pulse", pulse(self._live, self._lookups))
        elif now - self._silent_since >= _SILENCE_SECONDS:
            await self._write(":\n\n")

    async def _send(self, kind: str, text: str) -> None:
        data = "".join(f"data: {line}\n" for line in text.split("\n"))
        await self._write(f"event: {kind}\nid: {self._position}\n{data}\n")

    async def _write(self, text: str) -> None:
        self._silent_since = time.monotonic()
        await self._response.write(text.encode())
