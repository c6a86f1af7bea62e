"""The pages that quote the last run or compute with it: `python -m benchmarks.quotes` brings them up to date.

So does `make bench`.
"""

import re
from pathlib import Path
from typing import Final

from benchmarks import capacity

ROOT: Final = Path(__file__).parents[1]
RESULTS: Final = ROOT / "benchmarks" / "results.md"
PAGES: Final = (
    ROOT / "README.md",
    ROOT / "docs" / "operations.md",
    ROOT / "docs" / "decisions" / "0001-own-write-path.md",
)
BEGIN: Final = "<!-- Quoted from benchmarks/results.md by `make bench`. -->"
END: Final = "<!-- End of the quotation. -->"


def in_short(results: str) -> str:
    """Return the part of the results that the pages quote."""
    _before, _, after = results.partition("## In short\n")
    return after.partition("\n## ")[0].strip()


def quoting(page: str, results: str) -> str:
    """Return a page with its quotation, and the tables that are computed, brought up to date."""
    quotation = f"{BEGIN}\n\n{in_short(results)}\n\n{END}"
    quoted = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: quotation, page, flags=re.DOTALL)
    return capacity.computing(quoted, results)


def bring_up_to_date() -> None:
    """Write every page that quotes the results anew."""
    results = RESULTS.read_text(encoding="utf-8")
    for page in PAGES:
        page.write_text(quoting(page.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    bring_up_to_date()
