"""The page says what was measured, and the pages that quote it say no more."""

from benchmarks.cold_start import ColdStart
from benchmarks.command_start import CommandStart
from benchmarks.contenders import CONTENDERS
from benchmarks.decoding import Decoding
from benchmarks.fairness import Fairness
from benchmarks.first_screen import Screen
from benchmarks.full_scans import Speed
from benchmarks.growth import SIZES, Growth
from benchmarks.queries import QueryCost
from benchmarks.quotes import BEGIN, END, in_short, quoting
from benchmarks.report import Figures, report
from benchmarks.write_path import SCENARIOS, Cost

CPU = {"no-op": 0.4, "this app": 0.5, "async SDK": 2.4, "sync SDK": 3.4, "pydantic": 1.4}
FIGURES = Figures(
    costs={scenario: {name: Cost(CPU[name], 1.5, 0.25) for name in names} for scenario, names in SCENARIOS.items()},
    fairness={"dead partitions": Fairness(23, None), "one overloaded": Fairness(24, 1.234, 0.951, 700.4, 329.6)},
    growth={"SMS burst": {size: Growth(0.1, 0.03, 1024, 512) for size in SIZES}},
    decodings=[Decoding("a", 5.0, 15.0, 30.0, 25.0), Decoding("b", 10.0, 20.0, 30.0, 20.0)],
    cold_start=ColdStart(100.0, 125.0, 140.0, 60.0),
    command_start=CommandStart(nothing_cpu_ms=10, cpu_ms=150, seconds=0.18),
    queries={"one SMS": QueryCost(1, 7, 0.0051)},
    screens={"threads": Screen(frame_ms=3.4, whole_ms=120.6, requests=4)},
    speeds={"`export`": Speed(rows=1_000, requests=2, seconds=0.5)},
    seconds=200.0,
)


def test_ratios_compare_what_lies_above_a_function_that_does_nothing() -> None:
    """Of 0.5 and 2.4 ms with a floor of 0.4 ms, ours is a twentieth."""
    page = report(FIGURES)

    assert set(CPU) == set(CONTENDERS)
    assert "| SMS burst | one by one | 100 | 1 | this app | 0.500 | 0.100 | 1/20.0 | 0.250 |  |" in page
    assert "| one at a time | one by one | 1 | 1 | this app | 0.500 | 0.100 | 1/20.0 | 0.250 | 1.5 |" in page


def test_a_healthy_call_that_fails_is_not_hidden_behind_the_others() -> None:
    """The slowest call is no number then."""
    page = report(FIGURES)

    assert "| dead partitions | 23 of 24 | failed |  |  |  |" in page
    assert "| one overloaded | 24 of 24 | 1.23 | 95% | 330 | 700 |" in page


def test_questions_are_told_by_what_they_ask_of_the_storage_and_commands_by_their_speed() -> None:
    """Requests and rows read do not depend on the machine; rows a second do."""
    page = report(FIGURES)

    assert "takes 150 ms of CPU and 180 ms of time; `python -c pass` takes 10 ms of CPU." in page
    assert "| one SMS | 1 | 7 | 0.005 |" in page
    assert "| `export` | 1,000 | 2,000 | 0.002 |" in page


def test_the_first_screen_is_told_apart_from_its_frame() -> None:
    """What a reader sees at once, and what the tables are waited for."""
    assert "| threads | 3 | 121 | 4 |" in report(FIGURES)


def test_decoding_is_told_over_all_samples_and_for_the_worst() -> None:
    """The mean of the texts, not of the ratios."""
    page = report(FIGURES)

    assert (
        "Decoding to the event takes 2.3 times as long as `json.loads` of the same texts; by sample: "
        "median 2.5, worst 3.0." in page
    )
    assert (
        "With all rows encoded for the wire, step by step for up to 25 texts as in a burst, it takes 3.0 times as long "
        "as `json.loads` of the same texts; by sample: median 3.5, worst 5.0." in page
    )
    assert (
        "With all rows encoded for each text on its own, it takes 4.0 times as long as `json.loads` of the same texts; "
        "by sample: median 4.5, worst 6.0." in page
    )
    assert "| a | 5.0 | 15.0 | 3.0 | 5.0 | 6.0 |" in page


def test_the_quotation_is_three_rows_and_one_line() -> None:
    """What the README says about cost is read in half a minute."""
    header, _rule, *rows, _blank, line = in_short(report(FIGURES)).splitlines()

    assert header.startswith("| workload | CPU ms per event above a no-op | async SDK's |")
    assert rows == [
        "| SMS burst | 0.10 | 2.00 | 1/20.0 | 0.25 |",
        "| chat fan-out | 0.10 | 2.00 | 1/20.0 | 0.25 |",
        "| one at a time | 0.10 | 2.00 | 1/20.0 | 0.25 |",
    ]
    assert line == (
        "Decoding an event takes 2.3 times as long as `json.loads`, importing the app 1.25 times as long as "
        "`azure.functions` alone, and memory grows by 0.5 MiB more than a no-op's over 100,000 events."
    )


def test_only_what_stands_between_the_marks_of_a_page_is_written_anew() -> None:
    """The rest of the page is its author's; a page without marks stays as it is."""
    results = "## In short\n\nnew\n\n## More\n"

    assert quoting(f"a\n{BEGIN}\nold\n{END}\nb\n", results) == f"a\n{BEGIN}\n\nnew\n\n{END}\nb\n"
    assert quoting("nothing quoted\n", results) == "nothing quoted\n"
