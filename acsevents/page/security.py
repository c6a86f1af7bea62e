"""Admission: requests to this address, from this page or a followed link, with the key or its cookie.

Every web site that the user visits can send requests to 127.0.0.1:

* With DNS rebinding, a foreign name resolves to this machine: the Host header must be this address.
* Other sites and other local servers can post here and load resources from here: the browser states the source of a
  request in Origin and Sec-Fetch-Site, which scripts cannot change. https://www.w3.org/TR/fetch-metadata/
* Other users of this machine can connect: they do not have the key.

All refusals are equal, so that they reveal neither the reason nor what is served.
"""

import hashlib
import hmac
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

_REFUSAL: Final = "Open the address that the terminal shows.\n"
_PARAMETER: Final = "key"
READING: Final = frozenset({"GET", "HEAD"})
_FROM_HERE: Final = frozenset({"same-origin", "none"})  # none: typed, or opened from a terminal or a bookmark
_HEADERS: Final = {
    # Scripts and styles from the files of this page only; no frames, no forms and no requests to other hosts.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    # With `no-referrer`, browsers send `Origin: null` with the page's own forms.
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def guarded(key: str) -> Middleware:
    """Return the middleware that refuses all other requests, and exchanges the key in an address for a cookie."""

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        port = _port(request)
        if not (_is_addressed_here(request, port) and _comes_from_here(request)):
            return _refused()
        if request.method in READING and _same(request.query.get(_PARAMETER, ""), key):
            return _entered(request, key, port)
        if not _same(request.cookies.get(_cookie(port), ""), _pass(key, port)):
            return _refused()
        return await handler(request)

    return guard


async def add_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """Add the protecting headers to every response, refusals included; for `on_response_prepare`."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.popall("Server", None)  # names the library and its version


def _port(request: web.Request) -> int:
    """Return the port that received the request."""
    assert request.transport is not None  # noqa: S101  a request that is being answered has a connection
    port: int = request.transport.get_extra_info("sockname")[1]
    return port


def _is_addressed_here(request: web.Request, port: int) -> bool:
    return request.host in {f"127.0.0.1:{port}", f"localhost:{port}"}


def _comes_from_here(request: web.Request) -> bool:
    """Tell whether the request comes from the page itself, or from a link that somebody followed."""
    origin, site = request.headers.get("Origin"), request.headers.get("Sec-Fetch-Site")
    if origin is None:
        if request.method not in READING:  # browsers always send it then
            return False
    elif origin != f"http://{request.host}":
        return False
    return site is None or site in _FROM_HERE or _is_followed_link(request)


def _is_followed_link(request: web.Request) -> bool:
    """Tell whether a link on another site, in a mail or a chat was followed in a tab, not in a frame."""
    headers = request.headers
    return (
        request.method in READING
        and headers.get("Sec-Fetch-Mode") == "navigate"
        and headers.get("Sec-Fetch-Dest") == "document"
    )


def _entered(request: web.Request, key: str, port: int) -> web.Response:
    """Set the cookie, and redirect to the same address without the key."""
    url = request.rel_url.without_query_params(_PARAMETER)
    # With the host, since a path that begins with two slashes would name another one.
    answer = web.Response(status=303, headers={"Location": f"http://{request.host}{url.raw_path_qs}"})
    # Lax: browsers send the cookie when a link on another site is followed, but with no other request from there.
    answer.set_cookie(_cookie(port), _pass(key, port), httponly=True, samesite="Lax", path="/")
    return answer


def _cookie(port: int) -> str:
    """Return the cookie's name; browsers share cookies among all ports of a host."""
    return f"acsevents-{port}"


def _pass(key: str, port: int) -> str:
    """Return the cookie's value; it does not reveal the key to other servers on this host, which receive it too."""
    return hmac.new(key.encode(), f"cookie of port {port}".encode(), hashlib.sha256).hexdigest()


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), expected.encode())


def _refused() -> web.Response:
    return web.Response(status=403, text=_REFUSAL)
