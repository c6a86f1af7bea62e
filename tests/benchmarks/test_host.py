"""The harness hands over what it is told to, and measures the process that handles it."""

import pytest

from benchmarks.events import chat_fan_out, sms_reports
from benchmarks.host import Worker
from benchmarks.table_server import TableServer

EVENTS = 40


@pytest.mark.parametrize("in_flight", [1, 16])
def test_every_event_is_handled_once_however_it_is_handed_over(in_flight: int) -> None:
    """One by one or at once: three rows for every SMS event, two for every chat event."""
    with (
        TableServer.start() as server,
        Worker.start("this app", server.connection_string) as worker,
    ):
        worker.one_by_one("sms_events", list(sms_reports(1)), 1)  # creates the tables
        for function, events, rows in (("sms_events", sms_reports, 3), ("chat_user_events", chat_fan_out, 2)):
            worker.at_once(function, list(events(1)), 1)
            for hand_over in (worker.one_by_one, worker.at_once):
                server.reset()
                took = hand_over(function, list(events(EVENTS)), in_flight)

                assert server.stats().rows == rows * EVENTS
                assert took.cpu_ms > 0
                assert took.resident_kib > 0


def test_a_function_that_does_nothing_sends_nothing() -> None:
    """The floor under all figures is the price of being invoked."""
    with (
        TableServer.start() as server,
        Worker.start("no-op", server.connection_string) as worker,
    ):
        worker.one_by_one("sms_events", list(sms_reports(EVENTS)), 16)

        assert server.stats().requests == 0


def test_figures_of_a_run_in_which_an_event_failed_are_not_given() -> None:
    """A contender that fails is fast, and figures are invalid."""
    with (
        TableServer.start() as server,
        Worker.start("async SDK", server.connection_string) as worker,
        pytest.raises(RuntimeError, match="figures are invalid"),
    ):
        worker.one_by_one("sms_events", ['{"no": "event"}'], 1)
