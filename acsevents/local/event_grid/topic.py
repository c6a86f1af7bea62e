"""The topic endpoint of publishers: `POST /api/events`, with the responses of the service.

https://learn.microsoft.com/azure/event-grid/post-to-custom-topic
"""

import base64
import hmac
from collections.abc import Callable, Sequence
from contextlib import suppress

from aiohttp import web

from acsevents.local.event_grid.events import MAX_BYTES, Event, Refused, parse_events

PATH = "/api/events"
# Public on purpose, like Azurite's account key: the topic listens on 127.0.0.1 only.
LOCAL_KEY = base64.b64encode(b"the local topic's well-known key").decode()
LOCAL_TOPIC = (
    "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local"
    "/providers/Microsoft.Communication/communicationServices/acs-local"
)


def application(publish: Callable[[Sequence[Event]], None]) -> web.Application:
    """Return the topic as a web application that passes on the events of each request, all or none."""

    async def receive(request: web.Request) -> web.Response:
        try:
            publish(parse_events(await _body(request), request.content_type, LOCAL_TOPIC))
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)
        return web.Response()

    app = web.Application(client_max_size=MAX_BYTES + 1)  # versions of aiohttp differ at the limit itself
    app.router.add_post(PATH, receive)
    return app


async def _body(request: web.Request) -> bytes:
    given = request.headers.get("aeg-sas-key", "")
    if not hmac.compare_digest(given.encode(errors="replace"), LOCAL_KEY.encode()):
        raise Refused(401, "Unauthorized", "Unauthorized", "Send the topic's key in the header aeg-sas-key.")
    with suppress(web.HTTPRequestEntityTooLarge):
        body = await request.read()
        if len(body) <= MAX_BYTES:
            return body
    message = f"The array of events is larger than {MAX_BYTES} bytes; publish fewer or smaller events at once."
    raise Refused(413, "PayloadTooLarge", "PayloadTooLarge", message)
