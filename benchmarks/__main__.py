"""`python -m benchmarks`: measure everything in one run, print it, and write benchmarks/results.md."""

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
    going_through,
    growth,
    looking_up,
    quotes,
    write_path,
)
from benchmarks.report import Figures, report


def main() -> None:
    """Measure, print, write, and bring the pages that quote it up to date."""
    console = Console()
    start = time.monotonic()

    def progress(what: str) -> None:
        console.print(f"{time.monotonic() - start:4.0f} s  {what}", style="dim")

    progress("decoding")
    decodings = decoding.compare()
    progress("cold start")
    starts = cold_start.measure()
    cores.pin(os.getpid(), cores.OTHERS)  # with all that is started from now on; measured processes move themselves
    costs = write_path.compare(progress)
    grown = growth.grow(progress)
    cores.pin(os.getpid(), cores.ALL)
    progress("fairness")
    fair = fairness.measure()
    progress("the start of a look-up")
    command = command_start.measure()
    questions = looking_up.ask(progress)
    progress("the first screen of the page")
    screens = first_screen.measure()
    speeds = going_through.measure(progress)
    seconds = time.monotonic() - start
    text = report(Figures(costs, fair, grown, decodings, starts, command, questions, screens, speeds, seconds))
    console.print(Markdown(text))
    quotes.RESULTS.write_text(text, encoding="utf-8")
    quotes.bring_up_to_date()


if __name__ == "__main__":
    main()
