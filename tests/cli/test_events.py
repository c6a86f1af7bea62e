"""`acsevents events` and `acsevents event`: the list of events, and one event with everything stored of it."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.decoder import decode
from shared.events.event import Event
from tests.cli.conftest import record
from tests.cli.running import COMMAND, ROOT, Ran, in_a_pipe, on_a_terminal
from tests.storage.events import chat, sms

OUR = "+15555550100"
PEER = "+15555550123"
USER = "8:acs:0a420b29-555c-4f6b-841e-de8059893bb9_00000008-77c9-8781-1655-373a0d00885e"
ACTOR = "8:acs:0a420b29-555c-4f6b-841e-de8059893bb9_00000008-77c9-8767-1655-373a0d00885d"
THREAD = "19:7b2e4d1fa5c14f5f9f0a3c8d6e2b1a90@thread.v2"
OF_USERS_ONLY = "19:f1400e1c542f4086a606b52ad20cd0bd@thread.v2"


def lines(ran: Ran) -> list[dict[str, Any]]:
    """Parse the printed JSON Lines."""
    assert ran.out.isascii()
    return [json.loads(line) for line in ran.out.splitlines()]


def about(event: Event) -> tuple[str, str]:
    """Return what a list shows of an event."""
    return str(event.kind), event.envelope.time.edm if event.envelope.time else ""


def takes_part(event: Event, user: str) -> bool:
    """Return whether an event concerns a user."""
    facts = event.facts
    return user in {facts.recipient_id, facts.sender_id, facts.initiator_id, facts.participant_id}


@pytest.mark.parametrize(
    ("arguments", "wanted", "is_scan"),
    [
        ([], lambda _: True, False),
        (["--kind", "message.edited"], lambda event: event.kind == "message.edited", True),
        (["--number", "+1 (555) 555-0100"], lambda event: event.facts.number == OUR, False),
        (["--number", PEER], lambda event: event.facts.peer == PEER, True),
        (["--user", USER], lambda event: event.facts.recipient_id == USER, False),
        (["--user", ACTOR], lambda event: takes_part(event, ACTOR), True),
        (["--thread", THREAD], lambda event: event.facts.thread_id == THREAD, False),
        (["--thread", OF_USERS_ONLY], lambda event: event.facts.thread_id == OF_USERS_ONLY, True),
        (["--status", "Delivered"], lambda event: event.facts.delivery_status == "Delivered", True),
        (["--status", "Delivered", "--number", OUR], lambda event: about(event)[0] == "sms.delivery-report", False),
        (
            ["--since", "2021-02-19T00:25:00Z", "--until", "2021-02-20"],
            lambda event: "2021-02-19T00:25" <= about(event)[1] < "2021-02-20",
            False,
        ),
        (
            ["--kind", "message.edited", "--since", "2021-01-01"],
            lambda event: event.kind == "message.edited" and about(event)[1] > "2021",
            False,
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_the_events_that_are_asked_for_are_shown_newest_first(
    tables: str,
    samples: list[dict[str, Any]],
    arguments: list[str],
    wanted: Callable[[Event], bool],
    is_scan: bool,  # noqa: FBT001  a column of the table above
) -> None:
    """Those and no others; a query that reads all of `Timeline` says so on stderr."""
    events = [decode(json.dumps(sample)) for sample in samples]
    if arguments == ["--status", "Delivered", "--number", OUR]:
        events = [event for event in events if event.facts.number == OUR]
    expected = sorted((about(event) for event in events if wanted(event)), key=lambda one: one[1], reverse=True)
    ran = in_a_pipe("events", *arguments, EventTables=tables)
    shown = lines(ran)

    assert (0, [time for _, time in expected]) == (ran.code, [line["time"] for line in shown])
    assert sorted(expected) == sorted((line["kind"], line["time"]) for line in shown)
    assert is_scan == ("may read all of Timeline" in ran.err)


def test_a_limit_shows_the_newest_and_says_so(tables: str, samples: list[dict[str, Any]]) -> None:
    """A note says that there are more."""
    ran = in_a_pipe("events", "--limit", "3", EventTables=tables)
    times = sorted((about(decode(json.dumps(sample)))[1] for sample in samples), reverse=True)

    assert times[:3] == [line["time"] for line in lines(ran)]
    assert "newest 3: --limit 0 shows all" in ran.err


def test_a_line_says_who_did_what_to_whom(tables: str) -> None:
    """In the same fields as the table."""
    (report, received) = lines(in_a_pipe("events", "--number", OUR, EventTables=tables))

    assert {**received, "handle": ""} == {
        "time": "2025-01-29T17:04:31.6178904Z",
        "kind": "sms.received",
        "handle": "",
        "who": PEER,
        "whom": OUR,
        "what": "Is table 7 free tonight?",
    }
    assert (report["who"], report["whom"], report["what"]) == (OUR, PEER, "Delivered")


@pytest.mark.parametrize("columns", [70, 200])
def test_on_a_terminal_the_same_fields_are_a_table(tables: str, columns: int) -> None:
    """The table has every value of the JSON, at any width; times are cut to seconds."""
    piped = lines(in_a_pipe("events", "--number", OUR, EventTables=tables))
    shown = "".join(on_a_terminal("events", "--number", OUR, columns=columns, NO_COLOR="1", EventTables=tables).out)

    for line in piped:
        for name, value in line.items():
            as_shown = value[:19].replace("T", " ") if name == "time" else value
            assert as_shown.replace(" ", "") in shown.replace(" ", "").replace("\n", "")


def test_json_is_had_on_a_terminal_too(tables: str) -> None:
    """With --json, as in a pipe."""
    asked = ("events", "--number", OUR, "--json")

    assert in_a_pipe(*asked, EventTables=tables).out == on_a_terminal(*asked, EventTables=tables).out


def test_nothing_found_is_told_by_the_exit_code(tables: str) -> None:
    """Exit code 1, and one line on stderr."""
    ran = in_a_pipe("events", "--number", "+15559999999", "--since", "1h", EventTables=tables)

    assert (1, "", "acsevents: no matching event is recorded\n") == ran


def test_an_event_is_shown_whole_by_its_handle(tables: str, samples: list[dict[str, Any]]) -> None:
    """Columns, the text as delivered, and the places of its rows."""
    for line in lines(in_a_pipe("events", "--number", OUR, EventTables=tables)):
        ran = in_a_pipe("event", line["handle"], EventTables=tables)
        (whole,) = lines(ran)
        (sample,) = [one for one in samples if one["id"] == whole["columns"]["EventId"]]

        assert sample == json.loads(whole["text"])
        assert (line["kind"], line["time"]) == (whole["columns"]["Kind"], whole["time"])
        assert ["Timeline", "SmsEvents", "SmsMessages"] == [row["table"] for row in whole["rows"]]
        assert all(row["found"] for row in whole["rows"])


def test_on_a_terminal_an_event_can_be_copied(tables: str) -> None:
    """Its JSON is indented and parses to the same value."""
    handle = lines(in_a_pipe("events", "--thread", THREAD, "--limit", "1", EventTables=tables))[0]["handle"]
    (whole,) = lines(in_a_pipe("event", handle, EventTables=tables))
    shown = on_a_terminal("event", handle.upper(), columns=40, NO_COLOR="1", EventTables=tables).out
    _, brace, text = shown.partition("\n{\n")

    assert json.loads(whole["text"]) == json.loads(brace + text)


@pytest.mark.parametrize(("handle", "code"), [("0" * 26, 1), ("nonsense", 2), ("z" * 26, 2)])
def test_a_handle_of_nothing_is_told_from_what_is_no_handle(tables: str, handle: str, code: int) -> None:
    """An unknown handle is exit code 1, an invalid one 2."""
    ran = in_a_pipe("event", handle, EventTables=tables)

    assert (code, "") == (ran.code, ran.out)
    assert "Traceback" not in ran.err


@pytest.mark.parametrize(("limit", "most"), [(["--limit", "2"], 2), ([], 50), (["--limit", "0"], 60)])
def test_following_shows_the_newest_of_the_past_and_says_so(tables: str, limit: list[str], most: int) -> None:
    """Oldest first; the older ones do not follow them, though they were written lately."""
    number, now = f"+1555000{most:04}", datetime.now(UTC)
    times = [(now - timedelta(minutes=1, seconds=second)).isoformat() for second in range(60)]
    texts = [json.dumps({**json.loads(sms(f"past {time}", to=number)), "eventTime": time}) for time in times]
    asyncio.run(record(tables, *texts))
    process = subprocess.Popen(
        [*COMMAND, "events", "--follow", "--since", "1h", "--number", number, *limit],
        cwd=ROOT,
        env={**os.environ, "EventTables": tables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        shown = [json.loads(process.stdout.readline()) for _ in range(most)]
        new = json.dumps({**json.loads(sms("new", to=number)), "eventTime": now.isoformat()})
        asyncio.run(record(tables, new))
        shown.append(json.loads(process.stdout.readline()))
    finally:
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=30)

    assert [*reversed([time[:19] for time in times[:most]]), now.isoformat()[:19]] == [
        one["time"][:19] for one in shown
    ]
    assert rest == ""
    assert err == ("" if most == len(times) else f"acsevents: of the past, these are the newest {most}\n")


def test_following_shows_events_as_they_are_written_until_it_is_interrupted(tables: str) -> None:
    """Late ones too, once each, with filters; Ctrl-C ends it without a message."""
    soon, late = datetime.now(UTC), datetime.now(UTC).replace(hour=0, minute=0)
    process = subprocess.Popen(
        [*COMMAND, "events", "--follow", "--number", "+15550002222"],
        cwd=ROOT,
        env={**os.environ, "EventTables": tables},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    texts = [
        json.dumps({**json.loads(text), "eventTime": time.isoformat()})
        for text, time in ((sms("soon"), soon), (chat("other"), soon), (sms("late"), late), (sms("soon"), soon))
    ]
    asyncio.run(record(tables, *texts))
    try:
        shown = [json.loads(process.stdout.readline()) for _ in range(2)]
    finally:
        process.send_signal(signal.SIGINT)
        rest, err = process.communicate(timeout=30)

    assert {"sms.received"} == {line["kind"] for line in shown}
    assert sorted(time.isoformat()[:19] for time in (soon, late)) == sorted(line["time"][:19] for line in shown)
    assert ("", "") == (rest, err)
    assert process.returncode == 130
