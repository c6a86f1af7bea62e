"""HTML from templates, with all texts escaped and control characters made visible."""

import json
import re
import shlex
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from acsevents.page.site import site_of
from acsevents.text import escaped
from shared.lookups import Handle

_FOLDER: Final = Path(__file__).parent
STATIC: Final = _FOLDER / "static"
_ID: Final = re.compile(r"\+?\d+|\d+:\S+", re.ASCII)
_LONG: Final = 30  # characters of an id that are shown whole
_HEAD, _TAIL = 8, 16


def render(name: str, **values: Any) -> str:
    """Render a template."""
    return _ENVIRONMENT.get_template(name).render(values)


def pieces(name: str, **values: Any) -> AsyncIterator[str]:
    """Render a template piece by piece; it waits for the functions that it calls."""
    return _WAITING.get_template(name).generate_async(values)


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Answer with a whole page."""
    text = render(template, site=site_of(request), path=request.path, **values)
    return web.Response(text=text, content_type="text/html", status=status)


def link(path: str, **query: str | None) -> str:
    """Return an address with a query; underscores in names become hyphens."""
    given = {name.replace("_", "-"): value for name, value in query.items() if value}
    return f"{path}?{urlencode(given, errors='replace')}" if given else path


def _visible(value: Any) -> Any:
    """Return a value with control characters, bidirectional overrides and surrogates as escapes."""
    if value is None:
        return ""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return escaped(value).encode("utf-8", "backslashreplace").decode()


def _exact(value: str) -> Markup:
    """Escape a text for a form field, which sends it back unchanged."""
    return escape(value.encode("utf-8", "replace").decode())


def _short(value: str) -> str:
    """Shorten an id in the middle."""
    return value if len(value) <= _LONG else f"{value[:_HEAD]}…{value[-_TAIL:]}"


def _is_id(value: str) -> bool:
    """Tell a phone number or the id of a user or thread from a name."""
    return _ID.fullmatch(value) is not None


def _order(handle: str) -> str:
    """Return the sort key of an event in lists, newest first, as in the tables."""
    return Handle.parse(handle).key[1]


def _duration(seconds: float) -> str:
    """Format a number of seconds."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 3 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.2g} s" if abs(seconds) < 10 else f"{seconds:.0f} s"  # noqa: PLR2004  below, tenths matter


def _json(value: str) -> str:
    """Encode a text as a JSON string."""
    return json.dumps(value, ensure_ascii=False)


def shell_word(value: str) -> str:
    """Quote a text as one word of a shell, in printable ASCII, so that no control character reaches a terminal.

    A text with other characters is quoted as `$'…'`, which bash and zsh support.
    """
    if value.isascii() and value.isprintable():
        return shlex.quote(value)
    escaped = "".join(
        character if character.isascii() and character.isprintable() and character not in "'\\" else _octal(character)
        for character in value
    )
    return f"$'{escaped}'"


def _octal(character: str) -> str:
    return "".join(f"\\{byte:03o}" for byte in character.encode(errors="replace"))


_ENVIRONMENT: Final = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    finalize=_visible,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(exact=_exact, short=_short, json=_json, order=_order, duration=_duration, shell=shell_word)
_ENVIRONMENT.tests.update(an_id=_is_id)
_ENVIRONMENT.globals.update(link=link)
_WAITING: Final = _ENVIRONMENT.overlay(enable_async=True)
