"""What look-ups tell beside their answers, kept apart for each request though all share one reader."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Final

_TELL: Final[ContextVar[Callable[[str], None]]] = ContextVar("tell")


def note(text: str) -> None:
    """Take a note for whoever asks: the request or task that this runs in."""
    tell = _TELL.get(None)
    if tell is not None:
        tell(text)


def noted_by(tell: Callable[[str], None]) -> None:
    """Hand over what is told from now on in this request or task, and in the tasks that it starts."""
    _TELL.set(tell)
