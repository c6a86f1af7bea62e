"""The documentation agrees with the code."""

import re
from pathlib import Path

import pytest

from benchmarks.quotes import BEGIN, END, RESULTS, in_short
from benchmarks.quotes import PAGES as QUOTING
from shared.catalogue import TABLES
from shared.errors import ContentError
from shared.events.event import Kind

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
RECORDS = (ROOT / "docs" / "records.md").read_text(encoding="utf-8")
PAGES = [path.relative_to(ROOT) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]


def test_every_table_kind_and_reason_is_documented() -> None:
    """Every value that a column may have is documented."""
    named = [*TABLES, *(kind.value for kind in Kind), *(leaf.reason for leaf in ContentError.__subclasses__())]

    assert [] == [name for name in named if f"`{name}`" not in RECORDS], "add these to docs/records.md"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    """Relative links are checked; links to the web are not."""
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link]

    assert [] == [link for link in links if link and not (ROOT / page).parent.joinpath(link).exists()]


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_link_to_a_heading_finds_it(page: Path) -> None:
    """In the same page or in another one."""
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", text) if "://" not in link and "#" in link]
    targets = {(path, heading): (ROOT / page).parent / path if path else ROOT / page for path, _, heading in links}

    assert [] == [link for link, target in targets.items() if link[1] not in _headings(target)]


def _headings(page: Path) -> set[str]:
    """Return the anchors that GitHub gives the headings of a page."""
    found = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_every_make_target_exists(page: Path) -> None:
    """The Makefile has every target that a page names."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    called = re.findall(r"`make ([a-z-]+)", (ROOT / page).read_text(encoding="utf-8"))

    assert [] == [target for target in called if f"\n{target}:" not in makefile]


@pytest.mark.parametrize("page", QUOTING, ids=lambda page: page.name)
def test_a_page_that_quotes_the_last_benchmark_does_so_to_the_letter(page: Path) -> None:
    """If this fails, run `python -m benchmarks.quotes`."""
    text = page.read_text(encoding="utf-8")

    assert f"{BEGIN}\n\n{in_short(RESULTS.read_text(encoding='utf-8'))}\n\n{END}" in text
