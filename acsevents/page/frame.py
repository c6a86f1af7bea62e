"""A page of which the frame is sent at once, and the rest when the tables have answered."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from io import StringIO
from typing import Any, Final, NamedTuple

from aiohttp import hdrs, web

from acsevents.failures import explanation
from acsevents.page.site import site_of
from acsevents.page.templating import pieces, render

_LOG: Final = logging.getLogger(__name__)


class Explained(NamedTuple):
    """What the page says of an error.

    Attributes:
        status: of the response, if it has not begun.
        title: what happened.
        problem: the cause and its cure; nothing of the content of a bug.
    """

    status: int
    title: str
    problem: str


class Late(NamedTuple):
    """What a template gets from the tables: a result, or HTML that says why there is none."""

    result: Any = None
    failure: str = ""


async def framed(
    request: web.Request, template: str, read: Callable[[], Awaitable[Any]], *, status: int = 200, **values: Any
) -> web.StreamResponse:
    """Answer with a whole page.

    The template calls `read`, by the macro `later`. What stands before that is sent first, with the status: a failure
    of `read` is shown at its place.
    """
    response = web.StreamResponse(status=status)
    response.content_type, response.charset = "text/html", "utf-8"
    await response.prepare(request)
    if request.method == hdrs.METH_HEAD:
        return response
    rendered = StringIO()

    async def send() -> None:
        await response.write(rendered.getvalue().encode())
        rendered.seek(0)
        rendered.truncate()

    async def late() -> Late:
        await send()
        try:
            return Late(await read())
        except Exception as error:  # noqa: BLE001  the boundary, as in the server: the response has begun
            return Late(failure=_shown(error))

    try:
        async for piece in pieces(template, site=site_of(request), path=request.path, read=late, **values):
            rendered.write(piece)
    except ConnectionError:  # the reader has left
        return response
    except Exception as error:  # noqa: BLE001  a bug in the template, of which the beginning is sent
        rendered.write(_shown(error))
    with suppress(ConnectionError):
        await send()
    return response


def _shown(error: Exception) -> str:
    _, title, problem = explained(error)
    return render("_failure.html", title=title, problem=problem)


def explained(error: Exception) -> Explained:
    """Return what to say of an error: its cure, or of a bug only that there is one, which is logged."""
    failure = explanation(error)
    if failure is None:
        _LOG.error("a bug in the page", exc_info=error)
        return Explained(500, "A bug", "The terminal shows more of it.")
    return Explained(502, "That did not work", str(failure))
