"""Send an event to the local Event Grid, and show what arrives."""

import json
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from aiohttp import web

from acsevents.failures import Failure
from acsevents.local.event_grid import LOCAL_KEY
from acsevents.operations.files import events_of_text
from acsevents.operations.outgoing import Changes, prepared
from acsevents.operations.replay import FromFile
from acsevents.operations.send import Sent, send
from acsevents.page.site import Local, site_of
from acsevents.page.templating import page
from acsevents.publishing import Topic
from acsevents.samples import SAMPLES, as_cloud_event, sample_files
from acsevents.subscriptions import load

_FIRST: Final = "2025/SMSReceived"
_CLOUD_EVENTS: Final = "cloudevents"
_ARRIVALS: Final = 20


class _Written(NamedTuple):
    """The content of the form.

    Attributes:
        text: one event, or several.
        is_sample: whether each gets a new id and the time of now.
    """

    text: str
    is_sample: bool

    def events(self) -> AsyncIterator[FromFile]:
        """Yield the events."""
        return events_of_text(self.text)


async def show_send(request: web.Request) -> web.Response:
    """Show a sample in the form."""
    return _page(request, _sample(request))


async def send_it(request: web.Request) -> web.Response:
    """Send the content of the form, and show the outcome."""
    site = site_of(request)
    if site.local is None:
        raise web.HTTPNotFound
    form = await request.post()
    written = _Written(str(form.get("text", "")), "fresh" in form)
    sent, problem = Sent(), ""
    position = str(site.live.look_on())
    try:
        await _send(written, site.local, sent)
    except Failure as failure:
        problem = str(failure)
    if not (problem or sent.sent):
        problem = "there is no event in it"
    return _page(request, written.text, written=written, sent=sent, problem=problem, position=position)


async def _send(written: _Written, local: Local, sent: Sent) -> None:
    async with Topic(local.topic, LOCAL_KEY) as topic:
        await send(prepared([written], Changes()), load(), topic, sent)


def _page(
    request: web.Request,
    text: str,
    *,
    written: _Written | None = None,
    sent: Sent | None = None,
    problem: str = "",
    position: str = "",
) -> web.Response:
    names = [path.relative_to(SAMPLES).with_suffix("").as_posix() for path in sample_files()]
    return page(
        request,
        "send.html",
        status=400 if problem else 200,
        text=text,
        fresh=written.is_sample if written else True,
        sent=sent,
        problem=problem,
        position=position or str(site_of(request).live.look_on()),
        arrivals=_ARRIVALS,
        samples=sorted(names, reverse=True),
        chosen=_chosen(request),
        schema=request.query.get("schema", ""),
        cloud_events=_CLOUD_EVENTS,
    )


def _chosen(request: web.Request) -> str:
    name = request.query.get("sample", "")
    known = {path.relative_to(SAMPLES).with_suffix("").as_posix() for path in sample_files()}
    return name if name in known else _FIRST


def _sample(request: web.Request) -> str:
    """Return the chosen sample in the chosen schema."""
    (event,) = json.loads((SAMPLES / f"{_chosen(request)}.json").read_text(encoding="utf-8"))
    shown = as_cloud_event(event) if request.query.get("schema") == _CLOUD_EVENTS else event
    return json.dumps(shown, indent=2, ensure_ascii=False)
