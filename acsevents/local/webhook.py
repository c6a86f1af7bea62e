"""The Event Grid extension of the Functions host: `/runtime/webhooks/EventGrid?functionName=...`.

Responses are those of Microsoft.Azure.WebJobs.Extensions.EventGrid 3.5, according to its source, odd ones included.
https://learn.microsoft.com/azure/azure-functions/functions-event-grid-blob-trigger
"""

import asyncio
import json
import logging
from collections.abc import Mapping

from aiohttp import web

from acsevents.local.newtonsoft import Unreadable, compact, parse
from acsevents.local.worker import EventGridFunction, run

_METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS")
_PATH = "/{runtime:(?i:runtime)}/{webhooks:(?i:webhooks)}/{extension:[^/]+}{rest:(?:/.*)?}"
_PUBLIC_CLOUD = "eventgrid.azure.net"
_ORIGINS = (
    _PUBLIC_CLOUD,
    "eventgrid.azure.us",
    "eventgrid.azure.eaglex.ic.gov",
    "eventgrid.azure.microsoft.scloud",
    "eventgrid.azure.cn",
)
_log = logging.getLogger(__name__)


class Webhook:
    """Answers Event Grid on behalf of functions, given by name; requires no key, like `func start`."""

    def __init__(self, functions: Mapping[str, EventGridFunction]) -> None:
        self._functions = functions

    def routes(self) -> list[web.RouteDef]:
        """Return the routes to serve."""
        return [web.route("*", _PATH, self._answer)]

    async def _answer(self, request: web.Request) -> web.Response:
        if request.method not in _METHODS:
            return web.Response(status=405, headers={"Allow": ", ".join(_METHODS)})
        # The host loads the extension only if there is an Event Grid function.
        if request.match_info["extension"].lower() != "eventgrid" or not self._functions:
            return web.Response(status=404)
        name = next((value for key, value in request.query.items() if key.lower() == "functionname"), "")
        if name not in self._functions:
            return web.Response(status=404, text=f"cannot find function: '{name}'")
        if request.method == "OPTIONS":
            origin = request.headers.get("WebHook-Request-Origin")
            allowed = origin if origin in _ORIGINS else _PUBLIC_CLOUD
            return web.Response(headers={"Webhook-Allowed-Origin": allowed})
        try:
            return await self._answer_event(request, name)
        except Unreadable as error:
            _log.error("%s: unreadable request body: %s", name, error)
            return web.Response(status=500)

    async def _answer_event(self, request: web.Request, name: str) -> web.Response:
        match request.headers.get("aeg-event-type", "").lower():
            case "subscriptionvalidation":
                code = _validation_code(await _body(request))
                return web.Response(text=json.dumps({"validationResponse": code}, separators=(",", ":")))
            case "notification":
                return await self._deliver(name, await _body(request))
            case "unsubscribe":
                return web.Response(status=202)
            case _:  # SubscriptionDeletion too, although Event Grid documents it
                return web.Response(status=400)

    async def _deliver(self, name: str, body: object) -> web.Response:
        if not isinstance(body, dict | list):
            raise Unreadable("neither an array nor an object")
        events = body if isinstance(body, list) else [body]
        objects = [event for event in events if isinstance(event, dict)]
        outcomes = await asyncio.gather(*(run(name, self._functions[name], compact(event)) for event in objects))
        if len(objects) < len(events):  # the real host, too, fails only after it has run the others
            raise Unreadable("an event that is not an object")
        if not all(outcomes):
            return web.Response(status=500, text=f"Exception while executing function: Functions.{name}")
        return web.Response(status=202)


async def _body(request: web.Request) -> object:
    # As in .NET: UTF-8 whatever charset the header names, and a byte order mark is skipped.
    return parse((await request.read()).decode("utf-8-sig", "replace"))


def _validation_code(body: object) -> str:
    """Return the validation code of a handshake event; a CloudEvent may hold its data as a string of JSON."""
    match body:
        case [{"data": {"validationCode": str(code)}}, *_] | {"data": {"validationCode": str(code)}}:
            return code
        case {"data": str(text)}:
            return _validation_code({"data": parse(text)})
        case _:
            raise Unreadable("a SubscriptionValidation without data.validationCode")
