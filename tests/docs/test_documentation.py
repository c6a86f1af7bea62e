"""What the documents say is what the code does."""

import re
from pathlib import Path

import pytest

from shared.catalogue import TABLES
from shared.errors import ContentError
from shared.events.event import Kind

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECORDS = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
PAGES = [path.relative_to(ROOT) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]


def test_every_table_kind_and_reason_is_documented() -> None:
    """Nobody has to read code to know what may stand in a column."""
    named = [*TABLES, *(kind.value for kind in Kind), *(leaf.reason for leaf in ContentError.__subclasses__())]

    assert [] == [name for name in named if f"`{name}`" not in RECORDS], "add these to docs/records.md"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    """Relative links are checked; the web is not asked."""
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]

    assert [] == [link for link in links if link and not (ROOT / page).parent.joinpath(link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_heading_finds_it(page: Path) -> None:
    """In the same page or in another one of ours."""
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link and "#" in link]
    targets = {(path, heading): (ROOT / page).parent / path if path else ROOT / page for path, _, heading in links}

    assert [] == [link for link, target in targets.items() if link[1] not in _headings(target)]


def _headings(page: Path) -> set[str]:
    """Write a page's headings as GitHub does in links."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_exists(page: Path) -> None:
    """The Makefile has what the pages call."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    called = re.findall(r"`make ([a-z-]+)", (ROOT / page).read_text(encoding="utf-8"))

    assert [] == [target for target in called if f"\n{target}:" not in makefile]


def test_the_readme_quotes_the_figures_of_the_last_benchmark() -> None:
    """No figure stands in the README or in the decision on the write path that `make bench` did not print."""
    results = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    in_short = results.partition("## In short\n\n")[2].partition("\n## ")[0].strip()
    decision = (ROOT / "docs" / "decisions" / "0001-own-write-path.md").read_text(encoding="utf-8")
    rows = [line for line in decision.splitlines() if line.startswith("| ")]

    assert in_short
    assert in_short in README, "copy the section `In short` of benchmarks/results.md"
    assert [] == [row for row in rows if row not in results]


def test_the_operations_page_quotes_the_figures_of_the_last_benchmark() -> None:
    """If this fails, bring the marked block of docs/operations.md up to date."""
    results = (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8")
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    _before, _, after = operations.partition("<!-- Begin of figures.")
    figures = after.partition("<!-- End of figures. -->")[0]
    rows = [line for line in figures.splitlines() if line.startswith(("| SMS burst", "| chat fan-out", "| one at a"))]

    assert len(rows) == 6
    assert [] == [row for row in rows if row not in results]
