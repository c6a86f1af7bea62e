"""Update the pages that quote the last run or compute with it: `python -m benchmarks.quotes`, also in `make bench`."""

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
    """Return the section of the results that the pages quote."""
    _before, _, after = results.partition("## In short\n")
    return after.partition("\n## ")[0].strip()


def quoting(page: str, results: str) -> str:
    """Return a page with its quotation and its computed tables updated."""
    quotation = f"{BEGIN}\n\n{in_short(results)}\n\n{END}"
    quoted = re.sub(f"{re.escape(BEGIN)}.*?{re.escape(END)}", lambda _: quotation, page, flags=re.DOTALL)
    return capacity.computing(quoted, results)


def update_pages() -> None:
    """Rewrite every page that quotes the results."""
    results = RESULTS.read_text(encoding="utf-8")
    for page in PAGES:
        page.write_text(quoting(page.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    update_pages()
