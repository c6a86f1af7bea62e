"""`python -m benchmarks`: measure everything in one run, print it, and write benchmarks/results.md."""

import time
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from benchmarks import cold_start, decoding, looking_up, write_path
from benchmarks.report import report

_RESULTS = Path(__file__).with_name("results.md")


def main() -> None:
    """Measure, print, write."""
    console = Console()
    start = time.monotonic()

    def progress(what: str) -> None:
        console.print(f"{time.monotonic() - start:4.0f} s  {what}", style="dim")

    progress("decoding")
    decodings = decoding.compare()
    progress("cold start")
    imports = cold_start.measure()
    costs = write_path.compare(progress)
    growth = write_path.grow(progress)
    questions = looking_up.ask(progress)
    text = report(costs, growth, decodings, imports, questions, seconds=time.monotonic() - start)
    console.print(Markdown(text))
    _RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
