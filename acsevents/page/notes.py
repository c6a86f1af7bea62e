"""Notes of queries beside their results, separate for each request although all requests share one reader."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

_TELL: Final[ContextVar[Callable[[str], None]]] = ContextVar("tell")


def note(text: str) -> None:
    """Pass a note to the receiver of the current request or task."""
    tell = _TELL.get(None)
    if tell is not None:
        tell(text)


def noted_by(tell: Callable[[str], None]) -> None:
    """Set the receiver of notes for this request or task, and for the tasks that it starts."""
    _TELL.set(tell)
