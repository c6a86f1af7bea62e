"""Measure everything in one run, print it, and write benchmarks/results.md: `python -m benchmarks`."""

import os
import time

from rich.console import Console
from rich.markdown import Markdown

from benchmarks import (
    cold_start,
    command_start,
    cores,
    decoding,
    fairness,
    first_screen,
    full_scans,
    growth,
    queries,
    quotes,
    write_path,
)
from benchmarks.report import Figures, report


def main() -> None:
    """Measure, print and write the results, and update the pages that quote them."""
    console = Console()
    start = time.monotonic()

    def progress(what: str) -> None:
        console.print(f"{time.monotonic() - start:4.0f} s  {what}", style="dim")

    progress("decoding")
    decodings = decoding.compare()
    progress("cold start")
    starts = cold_start.measure()
    # Processes that are started from now on inherit this; measured processes then move to their own core.
    cores.pin(os.getpid(), cores.OTHERS)
    costs = write_path.compare(progress)
    grown = growth.grow(progress)
    cores.pin(os.getpid(), cores.ALL)
    progress("fairness")
    fair = fairness.measure()
    progress("the start of a query command")
    command = command_start.measure()
    looked_up = queries.measure(progress)
    progress("the first screen of the page")
    screens = first_screen.measure()
    speeds = full_scans.measure(progress)
    seconds = time.monotonic() - start
    text = report(Figures(costs, fair, grown, decodings, starts, command, looked_up, screens, speeds, seconds))
    console.print(Markdown(text))
    quotes.RESULTS.write_text(text, encoding="utf-8")
    quotes.update_pages()


if __name__ == "__main__":
    main()
