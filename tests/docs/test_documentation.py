"""What the documents say is what the code does."""

import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from benchmarks.capacity import begin, tables
from benchmarks.quotes import BEGIN, END, RESULTS, in_short, quoting
from benchmarks.quotes import PAGES as QUOTING
from shared.catalogue import TABLES
from shared.errors import ContentError
from shared.events.event import Kind

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECORDS = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
PAGES = [path.relative_to(ROOT) for path in (*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md")))]


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
def test_links_lead_to_documentation_and_to_no_package_index(page: Path) -> None:
    """What a package is, its own pages say; what is installed, the lock file says."""
    text = (ROOT / page).read_text(encoding="utf-8")
    hosts = {urlsplit(link).hostname or "" for link in re.findall(r"https?://[^\s)>`\"']+", text)}

    assert [] == [host for host in hosts if re.search(r"pypi|pythonhosted|npmjs|npm\.|crates\.io|anaconda", host)]


@pytest.mark.parametrize("page", QUOTING, ids=lambda page: page.name)
def test_a_page_that_quotes_the_last_benchmark_does_so_to_the_letter(page: Path) -> None:
    """And what it computes with it is what comes out."""
    text, results = page.read_text(encoding="utf-8"), RESULTS.read_text(encoding="utf-8")

    assert f"{BEGIN}\n\n{in_short(results)}\n\n{END}" in text
    assert text == quoting(text, results), "run `python -m benchmarks.quotes`"


def test_operations_have_every_table_that_is_computed() -> None:
    """Capacity and cost are on one page."""
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")

    assert [] == [name for name in tables(RESULTS.read_text(encoding="utf-8")) if begin(name) not in operations]
