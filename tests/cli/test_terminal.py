"""Output on a terminal: texts and ids are complete at any width, and control characters are escaped."""

import io
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from acsevents.tables import Columns, fields_table, print_rows
from acsevents.text import escaped
from tests.cli.running import in_a_pipe, on_a_terminal
from tests.cli.test_events import THREAD

COLUMNS: Columns = {"time": 19, "kind": 20, "id": 26, "who": None, "what": None}
NASTY = "\x1b]0;owned\x07\x1b[2J\x9b31m \u202egnp.exe \u2066x\u2069 \u061c\u200f\ufeff \r\x08\x00 [red]:smiley:"
# What terminals obey: control characters but line ends and tabs, and what turns the direction of text.
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
ANSWERS = st.lists(
    st.fixed_dictionaries({"time": st.just("2026-01-02T03:04:05.1234567Z"), "kind": st.just("sms.received")}).flatmap(
        lambda fixed: st.fixed_dictionaries({"id": TEXTS, "who": TEXTS, "what": TEXTS}).map(fixed.__or__)
    ),
    min_size=1,
    max_size=3,
)


def printed(answers: list[dict[str, str]], width: int) -> str:
    """Print rows on a terminal of some width."""
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    print_rows(console, answers, COLUMNS, header=True)
    for answer in answers:
        console.print(fields_table(answer))
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]  # it is the StringIO from above


def letters(text: str) -> str:
    """Remove white space, at which lines may be wrapped."""
    return "".join(text.split())


@settings(deadline=None)
@given(ANSWERS, st.integers(20, 250))
def test_at_any_width_every_text_is_whole_and_no_line_is_too_long(answers: list[dict[str, str]], width: int) -> None:
    """Texts are wrapped, never cut, and have no control characters."""
    text = printed(answers, width)

    assert OBEYED.search(text) is None
    assert "…" not in text or any("…" in part for answer in answers for part in answer.values())
    assert max(cell_len(line.rstrip()) for line in text.splitlines()) <= width
    for answer in answers:
        # Below one another in a column, the pieces of a text are in order, with those of its neighbours between.
        for value in (answer["id"], answer["who"], answer["what"]):
            remaining = iter(letters(text))
            assert all(letter in remaining for letter in letters(escaped(value)))


@pytest.mark.parametrize("width", [20, 60, 180])
def test_a_long_id_is_folded_where_the_line_ends(width: int) -> None:
    """Only line breaks separate its pieces."""
    console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
    print_rows(console, [{"id": "x", "who": THREAD * 5}], {"id": 26, "who": None}, header=False)

    assert THREAD * 5 in letters(console.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO from above


def test_where_it_is_narrow_nothing_short_is_torn_and_nothing_has_to_be_guessed() -> None:
    """Times stay whole, and where there are two each has its name."""
    answer = {"thread_id": THREAD, "events": 3, "first": "2026-01-02T03:04:05Z", "last": "2026-01-03T03:04:05Z"}
    columns = {"thread_id": None, "events": 6, "first": 19, "last": 19}
    for width in range(30, 70):
        console = Console(file=io.StringIO(), width=width, markup=False, emoji=False, highlight=False)
        print_rows(console, [answer], columns, header=False)
        lines = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from above
        assert "first 2026-01-02 03:04:05" in lines
        assert "last 2026-01-03 03:04:05" in lines


@pytest.mark.parametrize("columns", [20, 34, 60])
@pytest.mark.parametrize(
    "asked",
    [
        ("thread", THREAD),
        ("thread", THREAD, "--history"),
        ("sms", "+15555550100", "0f8fad5b-d9cb-469f-a165-70867728950e"),
        ("sms", "--report", "+15555550100"),
        ("sms", "+15555550100"),
        ("users",),
        ("dead-letters",),
    ],
    ids=" ".join,
)
def test_no_answer_is_cut_where_it_is_narrow(tables: str, asked: tuple[str, ...], columns: int) -> None:
    """Nothing is left out, and no line is longer than the terminal."""
    shown_so = on_a_terminal(*asked, columns=columns, EventTables=tables, NO_COLOR="1").out
    shown_so = re.sub(r"\x1b\[[0-9;]*m", "", shown_so)

    assert "…" not in shown_so
    assert max(cell_len(line.rstrip()) for line in shown_so.splitlines()) <= columns


def test_an_ascii_terminal_gets_tables_that_are_straight(tables: str) -> None:
    """An escape is longer than what it stands for."""
    shown_so = on_a_terminal("thread", THREAD, EventTables=tables, PYTHONIOENCODING="ascii", NO_COLOR="1", TERM="dumb")
    rows = [line for line in shown_so.out.splitlines() if line[:1] in {"|", "+"}]

    assert "\\U0001f33b" in shown_so.out
    assert 1 == len({len(row) for row in rows})


def test_texts_of_strangers_are_shown_and_not_obeyed() -> None:
    """Control characters are printed as escapes; emoji and other scripts are unchanged."""
    assert OBEYED.search(escaped(NASTY)) is None
    assert "\\x1b[2J" in escaped(NASTY)
    assert "\\u202egnp.exe" in escaped(NASTY)
    assert "👩‍👩‍👧 שלום \t\n" == escaped("👩‍👩‍👧 שלום \t\n")


def test_without_colours_there_are_no_escapes_at_all(tables: str) -> None:
    """With `NO_COLOR`, and on a terminal without capabilities."""
    asked = ("events", "--thread", THREAD)

    assert "\x1b[" in on_a_terminal(*asked, EventTables=tables).out
    assert "\x1b" not in on_a_terminal(*asked, EventTables=tables, TERM="dumb").out
    plain = on_a_terminal(*asked, EventTables=tables, NO_COLOR="1").out
    assert re.search(r"\x1b\[[0-9;]*3[0-9]", plain) is None


def test_a_terminal_that_knows_ascii_only_shows_the_rest_as_escapes(tables: str) -> None:
    """Bars, boxes and emoji do not fail."""
    for asked in (("thread", THREAD), ("events", "--thread", THREAD), ("sms", "--report", "+15555550100")):
        ran = on_a_terminal(*asked, EventTables=tables, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
        assert (0, True) == (ran.code, ran.out.isascii()), ran.err
    assert "Maya \\U0001f33b" in on_a_terminal("thread", THREAD, EventTables=tables, PYTHONIOENCODING="ascii").out


def test_on_a_terminal_a_handle_stands_in_one_piece(tables: str) -> None:
    """So that a double click selects it, down to 40 columns."""
    newest = json.loads(in_a_pipe("events", "--limit", "1", EventTables=tables).out)
    for columns in (40, 80, 120, 200):
        shown_so = on_a_terminal("events", columns=columns, NO_COLOR="1", EventTables=tables).out
        assert newest["handle"] in shown_so
