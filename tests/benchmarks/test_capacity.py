"""What the figures come to on paper, computed by hand for a page whose figures are round."""

import re

import pytest

from benchmarks import prices
from benchmarks.capacity import begin, computing, deployed, event_size, measured, tables
from benchmarks.report import report
from tests.benchmarks.test_report import FIGURES

RESULTS = report(FIGURES)  # this app: 0.5 ms and a quarter of a request; the async SDK: 2.4 ms; 1.5 ms from end to end


def cells(table: str) -> list[list[str]]:
    """Return the cells of a table's rows."""
    _header, _rule, *lines = tables(RESULTS)[table].splitlines()
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_a_figure_is_found_by_its_workload_and_who_it_is_of() -> None:
    """The time from end to end is known where events do not overlap."""
    assert (0.5, 0.25, None) == _measured("SMS burst", "this app")
    assert (2.4, 0.25, 1.5) == _measured("one at a time", "async SDK")


def _measured(workload: str, who: str) -> tuple[float, float, float | None]:
    one = measured(RESULTS, workload, who)
    return one.cpu_ms, one.requests, one.wall_ms


def test_rows_are_those_that_are_written() -> None:
    """Three of an SMS event and two of a chat event, the pointer of the time line smaller than the others."""
    for workload, rows in (("SMS burst", 3), ("chat fan-out", 2)):
        *kept, pointer = event_size(workload).rows_kib
        assert len(kept) + 1 == rows
        assert pointer < min(kept)


def test_an_instance_does_what_fits_into_a_second_of_its_core() -> None:
    """A delivery holds what 64 KB take, and no more than is deployed."""
    limits = deployed()
    (sms, _chat) = cells("instances")

    assert sms[2:4] == ["2,000", "417"]
    batch = int(sms[1].partition(" = ")[0].split()[-1])
    assert batch == limits.batch_bytes // event_size("SMS burst").text_bytes <= limits.batch_events
    assert sms[1].endswith(f"{limits.instances * limits.concurrency * batch:,}")
    assert sms[4] == f"{limits.instances * 2_000:,}"


def test_a_million_events_cost_the_sum_of_what_is_billed() -> None:
    """Amount by price, line by line."""
    rows = cells("a million events")
    first, last = rows[0], next(number for number, row in enumerate(rows) if "total" in row[1])
    by_name = {row[1]: row for row in rows[:last]}

    assert first[0] == "SMS burst"
    assert by_name["requests to tables"][2:] == ["250,000", "0.01", "250,000", "0.01"]
    assert by_name["GB-seconds"][2:] == ["1,000", "0.03", "3,000", "0.08"]
    assert by_name["executions"][3] == f"{prices.EXECUTIONS_MILLION:.2f}"
    for column in (3, 5):
        total = float(rows[last][column].strip("*"))
        assert total == pytest.approx(sum(float(row[column]) for row in rows[:last]), abs=0.05)


def test_what_changes_with_growth_follows_from_the_share_of_the_target() -> None:
    """Ten times as many events are ten times the share; beyond the whole there is more than one account."""
    shares = [int(row[5].rstrip("%")) for row in cells("ten times")]
    changes = [row[7] for row in cells("ten times")]

    assert shares[1] == pytest.approx(10 * shares[0], abs=5)
    assert changes[0] == "nothing"
    (accounts,) = re.findall(r"into (\d+) accounts", changes[2])
    assert int(accounts) == -(-shares[2] // 100)


def test_a_table_that_nobody_computes_is_an_error() -> None:
    """A page that names one would keep what stands there for ever."""
    with pytest.raises(KeyError, match="profits"):
        computing(f"{begin('profits')}\n<!-- End of the computation. -->", RESULTS)
