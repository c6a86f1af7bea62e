"""A progress display for work that takes more than a second, on terminals only."""

import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.progress import Progress

_QUIET_SECONDS: Final = 1.0
_BETWEEN_SECONDS: Final = 0.1


@contextmanager
def progress(doing: str, total: int | None = None, *, shown: bool = True) -> Iterator[Callable[..., None]]:
    """Show the number of steps once the block has run for a second; yield a function that counts them.

    Args:
        doing: the word that describes the work, such as `exporting`.
        total: the total number of steps, if known.
        shown: whether to show anything.
    """
    counter = _Counter(doing, total, shown=shown and sys.stderr.isatty())
    try:
        yield counter.step
    finally:
        counter.stop()


class _Counter:
    def __init__(self, doing: str, total: int | None, *, shown: bool) -> None:
        self._doing = doing
        self._total = total
        self._count = 0
        self._next = time.monotonic() + _QUIET_SECONDS if shown else math.inf
        self._bar: Progress | None = None

    def step(self, steps: int = 1) -> None:
        self._count += steps
        if time.monotonic() < self._next:
            return
        self._next += _BETWEEN_SECONDS
        if self._bar is None:
            self._bar = self._started()
        self._bar.update(self._bar.task_ids[0], completed=self._count)

    def stop(self) -> None:
        if self._bar is not None:
            self._bar.stop()

    def _started(self) -> "Progress":
        from rich.console import Console  # noqa: PLC0415  most commands finish without it
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn  # noqa: PLC0415  the same

        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        bar.add_task(self._doing, total=self._total)
        bar.start()
        return bar
