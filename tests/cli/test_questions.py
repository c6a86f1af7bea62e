"""Queries of SMS, threads, users, owners and dead letters."""

import csv
import io
import json
from typing import Any

import pytest

from acsevents.commands.export import guarded
from shared.decoder import decode
from shared.events.timestamps import edm
from tests.cli.conftest import UNKNOWN_TYPE
from tests.cli.running import in_a_pipe, on_a_terminal
from tests.cli.test_events import OF_USERS_ONLY, OUR, PEER, THREAD, USER, lines

DELIVERED = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.mark.parametrize("number", [OUR, "1 555 555 0100", PEER, "001-555-555-0123"])
def test_an_sms_is_found_by_the_number_of_either_party(tables: str, number: str) -> None:
    """In any notation."""
    ran = in_a_pipe("sms", number, DELIVERED, EventTables=tables)
    (story,) = lines(ran)

    assert (0, "Delivered", "No error.", 2) == (ran.code, story["status"], story["details"], len(story["attempts"]))
    assert ("may read all" in ran.err) == ("123" in number)


@pytest.mark.parametrize("number", [OUR, PEER])
def test_a_number_without_a_message_tells_the_conversation(tables: str, number: str) -> None:
    """Each message once, with its state, the one with the latest event first."""
    told = lines(in_a_pipe("sms", number, EventTables=tables))

    assert [(DELIVERED, "Delivered"), ("6ba7b814-9dad-4fd1-80b4-00c04fd430c8", "Received")] == [
        (story["message_id"], story["status"]) for story in told
    ]
    assert "newest 1 messages" in in_a_pipe("sms", number, "--limit", "1", EventTables=tables).err


def test_a_report_tells_how_well_a_number_delivers(tables: str) -> None:
    """Counts, reasons and percentiles; on a terminal with bars."""
    (told,) = lines(in_a_pipe("sms", "--report", OUR, "--since", "2025-01-01", EventTables=tables))
    shown = on_a_terminal("sms", "--report", OUR, NO_COLOR="1", EventTables=tables).out

    assert (1, 1, {"Delivered": 1}, {}) == (told["received"], told["sent"], told["statuses"], told["reasons"])
    assert 9.947 == told["seconds"]["p50"]
    assert "Delivered   1          ████" in shown
    assert "p50 9.95" in shown
    assert 1 == in_a_pipe("sms", "--report", OUR, "--since", "1d", EventTables=tables).code
    assert "your own numbers" in in_a_pipe("sms", "--report", PEER, EventTables=tables).err


def test_a_thread_is_told_from_its_own_events_or_else_from_those_of_its_users(tables: str) -> None:
    """If there are no thread-level events, stderr says what was read instead."""
    own = in_a_pipe("thread", THREAD, EventTables=tables)
    of_users = in_a_pipe("thread", OF_USERS_ONLY, EventTables=tables)

    assert "Is table 7 free at half past eight?" == lines(own)[0]["messages"][0]["text"]
    assert "" == own.err
    assert OF_USERS_ONLY == lines(of_users)[0]["thread_id"]
    assert "reading all of ChatUserEvents" in of_users.err


def test_the_history_of_a_thread_has_what_was_said_before(tables: str) -> None:
    """Change by change, with the text before the edit."""
    told = lines(in_a_pipe("thread", THREAD, "--history", EventTables=tables))

    assert ["Is table 7 free at eight?", "Is table 7 free at half past eight?"] == [
        step["what"] for step in told if step.get("message_id") == "1746522758124"
    ]
    assert [step["time"] for step in told] == sorted(step["time"] for step in told)


def test_what_there_is_can_be_listed(tables: str, samples: list[dict[str, Any]]) -> None:
    """Numbers, users and threads, each with its last event; with --since, those with events since then."""
    numbers = lines(in_a_pipe("numbers", EventTables=tables))
    users = lines(in_a_pipe("users", EventTables=tables))
    threads = lines(in_a_pipe("threads", EventTables=tables))
    lately = lines(in_a_pipe("threads", "--since", "2021-02-25", EventTables=tables))
    last: dict[str, str] = {}
    for event in sorted((decode(json.dumps(sample)) for sample in samples), key=lambda event: event.ticks):
        if event.facts.thread_id:
            last.pop(event.facts.thread_id, None)
            last[event.facts.thread_id] = edm(event.ticks)

    assert {OUR, "+15555555555"} == {number["id"] for number in numbers}
    assert USER in {user["id"] for user in users}
    assert (THREAD, "2025-05-06T09:13:15.8410277Z") in {(thread["id"], thread["last"]) for thread in threads}
    assert OF_USERS_ONLY not in {thread["id"] for thread in threads}
    assert [(id_, time) for id_, time in reversed(last.items()) if time > "2021-02-25"] == [
        (thread["id"], thread["last"]) for thread in lately
    ]


def test_a_user_is_told_by_the_threads(tables: str) -> None:
    """With the number of events, and the first and last."""
    (thread,) = lines(in_a_pipe("user", USER, EventTables=tables))

    assert (OF_USERS_ONLY, 2) == (thread["thread_id"], thread["events"])
    assert thread["first"] < thread["last"]


def test_dead_letters_are_listed_with_time_and_type_and_shown_with_their_text(tables: str) -> None:
    """The list has what `show` needs."""
    listed = lines(in_a_pipe("dead-letters", EventTables=tables))
    (unknown,) = lines(in_a_pipe("dead-letters", "list", "--reason", "unsupported_type", EventTables=tables))
    (shown,) = lines(in_a_pipe("dead-letters", "show", unknown["id"], EventTables=tables))

    assert {("not_json", None), ("unsupported_type", "Contoso.Unknown")} == {
        (letter["reason"], letter.get("event_type")) for letter in listed
    }
    assert all(letter["time"] for letter in listed)
    assert UNKNOWN_TYPE == shown["raw"]
    assert 1 == in_a_pipe("dead-letters", "show", "0" * 16, EventTables=tables).code
    assert 2 == len(lines(in_a_pipe("dead-letters", "list", "--since", "1d", EventTables=tables)))


@pytest.mark.parametrize("command", ["list", "replay", "show 2f1c5e7a9b3d4860"])
@pytest.mark.parametrize("option", ["--reason unsupported_type", "--since 1d", "--json"])
def test_an_option_of_dead_letters_before_a_subcommand_is_refused(option: str, command: str) -> None:
    """It would have no effect, and a replay would record what the operator left out."""
    ran = in_a_pipe("dead-letters", *option.split(), *command.split())

    assert ran.code == 2
    assert f"write the options behind `{command.split(maxsplit=1)[0]}`" in " ".join(ran.err.replace("│", " ").split())


def test_an_export_has_every_event_with_its_text(tables: str, samples: list[dict[str, Any]]) -> None:
    """As JSON Lines and as CSV, whole or since a time."""
    exported = lines(in_a_pipe("export", EventTables=tables))
    as_csv = in_a_pipe("export", "--format", "csv", EventTables=tables).out
    rows = list(csv.DictReader(io.StringIO(as_csv)))
    lately = lines(in_a_pipe("export", "--since", "2025-01-01", EventTables=tables))

    expected = sorted(json.dumps(sample, sort_keys=True) for sample in samples)
    assert expected == sorted(json.dumps(json.loads(one["Raw"]), sort_keys=True) for one in exported)
    assert expected == sorted(json.dumps(json.loads(row["Raw"]), sort_keys=True) for row in rows)
    assert {one["EventId"] for one in exported if one["EventTime"] >= "2025"} == {one["EventId"] for one in lately}


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("+1+1", "'+1+1"),
        ("-2+3", "'-2+3"),
        ("@SUM(1)", "'@SUM(1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("+15555550100", "+15555550100"),
        ("-1.5", "-1.5"),
        ("hello =1", "hello =1"),
        ("", ""),
        (7, 7),
        (None, None),
    ],
)
def test_a_spreadsheet_takes_no_text_for_a_formula(value: object, written: object) -> None:
    """A phone number stays a number."""
    assert written == guarded(value)
