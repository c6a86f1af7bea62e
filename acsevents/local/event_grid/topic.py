"""The topic endpoint that publishers post to: `POST /api/events`, answered as the service does.

https://learn.microsoft.com/azure/event-grid/post-to-custom-topic
"""

from collections.abc import Callable
from contextlib import suppress

from aiohttp import web

from acsevents.local.event_grid.access import authorised
from acsevents.local.event_grid.events import MAX_BYTES, Published, Refused, read

PATH = "/api/events"


def application(key: str, topic: str, publish: Callable[[list[Published]], bool]) -> web.Application:
    """Return the topic as a web application.

    Args:
        key: the access key that publishers must hold.
        topic: resource id stamped on Event Grid events that name none.
        publish: takes the events of a request, all or none; false when there is no room for them.
    """

    async def receive(request: web.Request) -> web.Response:
        try:
            if not authorised(request.headers, key):
                message = "The key or token is not the topic's; send its key in aeg-sas-key."
                raise Refused(401, "Unauthorized", "Unauthorized", message)  # noqa: TRY301  # one place answers errors
            published = read(await _body(request), request.content_type, topic)
            if not publish(published):
                message = "Too many undelivered events are waiting; publish again later."
                raise Refused(503, "ServiceUnavailable", "ServerBusy", message)  # noqa: TRY301  # the same
        except Refused as refused:
            return web.json_response(refused.body, status=refused.status)
        return web.Response()

    app = web.Application(client_max_size=MAX_BYTES + 1)  # whether the limit itself passes depends on aiohttp's version
    app.router.add_post(PATH, receive)
    return app


async def _body(request: web.Request) -> bytes:
    with suppress(web.HTTPRequestEntityTooLarge):
        body = await request.read()
        if len(body) <= MAX_BYTES:
            return body
    message = f"The array of events is larger than {MAX_BYTES} bytes; publish fewer or smaller events at once."
    raise Refused(413, "PayloadTooLarge", "PayloadTooLarge", message)
