"""HTML from templates. Texts of strangers are escaped, and what would be obeyed unseen is made visible."""

import json
import re
import shlex
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from acsevents.page.site import site_of
from acsevents.text import shown
from shared.lookups import Handle

_FOLDER: Final = Path(__file__).parent
STATIC: Final = _FOLDER / "static"
_ID: Final = re.compile(r"\+?\d+|\d+:\S+", re.ASCII)
_LONG: Final = 30  # characters of an id that are shown whole
_HEAD, _TAIL = 8, 16


def render(name: str, **values: Any) -> str:
    """Return what a template makes of some values."""
    return _ENVIRONMENT.get_template(name).render(values)


def page(request: web.Request, template: str, *, status: int = 200, **values: Any) -> web.Response:
    """Answer with a whole page."""
    text = render(template, site=site_of(request), path=request.path, **values)
    return web.Response(text=text, content_type="text/html", status=status)


def link(path: str, **query: str | None) -> str:
    """Return an address on this page."""
    given = {name.replace("_", "-"): value for name, value in query.items() if value}
    return f"{path}?{urlencode(given, errors='replace')}" if given else path


def _visible(value: Any) -> Any:
    """Return what is written for a value: control characters, overrides of direction and half emoji as escapes."""
    if value is None:
        return ""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return shown(value).encode("utf-8", "backslashreplace").decode()


def _exact(value: str) -> Markup:
    """Escape a text for a field of a form, which gives it back as it is."""
    return escape(value.encode("utf-8", "replace").decode())


def _short(value: str) -> str:
    """Shorten an id: its end tells most."""
    return value if len(value) <= _LONG else f"{value[:_HEAD]}…{value[-_TAIL:]}"


def _is_id(value: str) -> bool:
    """Tell a phone number or the id of a user or thread from a name."""
    return _ID.fullmatch(value) is not None


def _order(handle: str) -> str:
    """Return what lists are sorted by, the newest first; of one time, the digest decides, as in the tables."""
    return Handle.parse(handle).key[1]


def _duration(seconds: float) -> str:
    """Write some seconds for people."""
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if abs(seconds) >= 3 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.2g} s" if abs(seconds) < 10 else f"{seconds:.0f} s"  # noqa: PLR2004  below, tenths matter


def _json(value: str) -> str:
    """Spell a text as JSON does."""
    return json.dumps(value, ensure_ascii=False)


def shell_word(value: str) -> str:
    """Write a text as one word of a shell, in ASCII: a terminal that it is pasted into obeys nothing in it.

    `$'…'`, which bash and zsh read, where the text is not ASCII or has control characters.
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
