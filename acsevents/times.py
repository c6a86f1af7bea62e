"""Parse times on the command line: an age such as `2h`, or a date."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer

from shared.events.timestamps import Instant

_AGO: Final = re.compile(r"(\d{1,6})([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_FORMS: Final = "30s, 15m, 2h, 7d or 4w ago, a date as 2026-01-31, or a time as 2026-01-31T12:00:00Z"


def ticks(written: str) -> int:
    """Return a time as ticks; a time without an offset is UTC."""
    ago = _AGO.fullmatch(written.strip())
    try:
        if ago is not None:
            time = datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            return Instant.parse(time.isoformat()).ticks
        return Instant.parse(written.strip()).ticks
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{written!r} is not a time: write {_FORMS}") from None


Since = Annotated[int | None, typer.Option(parser=ticks, metavar="TIME", help=f"Not older than: {_FORMS}.")]
Until = Annotated[int | None, typer.Option(parser=ticks, metavar="TIME", help="Older than; same forms as --since.")]
