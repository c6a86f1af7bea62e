"""`acsevents replay`, `rebuild`, `erase` and `prune`, run as a user does, on Azurite."""

import json
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite
from shared.catalogue import DEAD_LETTERS, TABLES
from tests import samples
from tests.cli.conftest import record
from tests.cli.running import Ran, in_a_pipe, on_a_terminal
from tests.storage.edm import found

SMS = samples.event("2025/SMSReceived")
PEER = SMS["data"]["from"]
OLD = {**SMS, "id": "old", "eventTime": "2019-01-01T00:00:00Z"}
LETTER = {**SMS, "id": "in a file", "deadLetterReason": "TimeToLiveExceeded", "deliveryAttempts": 30}


@pytest.fixture(name="rows_of")
def _rows_of(azurite: Azurite) -> Any:
    """Return all rows of the tables, which are empty at first."""

    def read() -> dict[tuple[str, str, str], Any]:
        with TableServiceClient.from_connection_string(azurite.connection_string) as service:
            return {
                (table.name, row["PartitionKey"], row["RowKey"]): found(row)
                for table in service.list_tables()
                for row in service.get_table_client(table.name).list_entities()
            }

    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        for table in service.list_tables():
            service.delete_table(table.name)
    return read


@pytest.fixture(name="run")
def _run(azurite: Azurite) -> Any:
    """Run commands in a pipe, on the tables of Azurite."""
    return lambda *arguments: in_a_pipe(*arguments, EventTables=azurite.connection_string)


def told(ran: Ran) -> dict[str, Any]:
    """Parse the only JSON object that a command printed."""
    (line,) = ran.out.splitlines()
    report: dict[str, Any] = json.loads(line)
    return report


async def test_replay_records_the_events_of_a_file(run: Any, rows_of: Any, azurite: Azurite, tmp_path: Path) -> None:
    """The rows are those of a delivery; a dry run writes none; events that cannot be recorded are listed."""
    file = tmp_path / "letters.json"
    file.write_text(json.dumps([LETTER, {**LETTER, "eventType": "Contoso.New"}], separators=(",", ":")))
    planned = run("replay", str(file), "--dry-run")
    assert rows_of() == {}
    done = run("replay", str(file))
    replayed = rows_of()
    await record(azurite.connection_string, json.dumps({**SMS, "id": "in a file"}, separators=(",", ":")))

    assert (planned.code, done.code) == (1, 1)
    assert told(done) == {**told(planned), "dry_run": False}
    assert told(done)["left"] == {"unsupported_type": 1}
    assert f"{file}, event 2: unsupported_type: $.eventType: not an event type that this app records" in done.err
    assert rows_of() == replayed


@pytest.mark.parametrize(
    ("arguments", "code", "problem"),
    [
        (["replay", "no-such-file.json"], 2, "no-such-file.json: No such file or directory"),
        (["replay", "README.md"], 2, "README.md: line 1: Expecting value"),
        (["replay", "https://contoso.blob.core.windows.net"], 2, "the URL names no container"),
        (["replay", "samples/2025", "--except", "README.md"], 2, "README.md is not a receipt of an erasure"),
        (["erase"], 2, "name one of --user, --number and --thread"),
        (["erase", "--user", "8:acs:1", "--thread", "19:x"], 2, "name one of --user, --number and --thread"),
        (["erase", "--user", "Sam"], 2, "--user takes a raw id"),
        (["erase", "--number", "+15555550100"], 1, "this cannot be undone, and there is no terminal to confirm it on"),
        (["prune", "--before", "2019-01-01"], 1, "this cannot be undone, and there is no terminal to confirm it on"),
        (["prune", "--before", "2999-01-01"], 2, "the time is in the future"),
        (["prune", "--before", "1d", "--table", "Sms"], 2, "Sms is not a table: choose from SmsEvents"),
        (["prune"], 2, "Missing option '--before'"),
    ],
)
def test_what_cannot_be_done_is_told_with_its_cure(
    arguments: list[str], code: int, problem: str, run: Any, rows_of: Any
) -> None:
    """In one line, with an exit code, before anything is changed."""
    ran = run(*arguments)

    assert (ran.code, "Traceback" in ran.err) == (code, False)
    assert problem in " ".join(ran.err.replace("│", " ").split())
    assert rows_of() == {}


async def test_dead_letters_replay_empties_the_table_of_what_is_recorded(
    run: Any, rows_of: Any, azurite: Azurite
) -> None:
    """Dead letters that remain are listed with their reason, and the exit code is 1."""
    await record(azurite.connection_string, "no JSON")
    ran = run("dead-letters", "replay")
    nothing = run("dead-letters", "replay", "--reason", "unsupported_type")

    assert (ran.code, nothing.code) == (1, 0)
    assert told(ran)["left"] == {"not_json": 1}
    assert "sms_events" in ran.err
    assert "not_json" in ran.err
    assert told(nothing)["seen"] == 0
    assert {table for table, _, _ in rows_of()} == {DEAD_LETTERS}


async def test_rebuild_tells_and_changes_what_differs(run: Any, rows_of: Any, azurite: Azurite) -> None:
    """A second run changes nothing."""
    await record(azurite.connection_string, json.dumps(SMS))
    today = rows_of()
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        service.delete_table("Timeline")
        table = service.get_table_client("SmsEvents")
        for row in table.list_entities():
            table.update_entity({"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"], "Kind": "old"})
    planned = run("rebuild", "--dry-run")
    done = run("rebuild")

    assert rows_of() == today
    assert (planned.code, done.code) == (0, 0)
    assert told(done) == {**told(planned), "dry_run": False}
    assert (told(done)["changed"], told(done)["added"], told(done)["columns"]) == ({"SmsEvents": 1}, 1, {"Kind": 1})
    assert told(run("rebuild"))["changed"] == {}


async def test_prune_asks_first_and_removes_what_is_older(run: Any, rows_of: Any, azurite: Azurite) -> None:
    """It asks on a terminal; elsewhere it requires --yes."""
    await record(azurite.connection_string, json.dumps(SMS))
    young = rows_of()
    await record(azurite.connection_string, json.dumps(OLD))
    everything = rows_of()
    planned = run("prune", "--before", "2020-01-01", "--dry-run")
    declined = on_a_terminal("prune", "--before", "2020-01-01", typed="n\n", EventTables=azurite.connection_string)
    assert rows_of() == everything
    done = on_a_terminal("prune", "--before", "2020-01-01", typed="y\n", EventTables=azurite.connection_string)

    assert told(planned)["removed"] == {"SmsEvents": 1, "SmsMessages": 1, "Timeline": 1}
    assert (declined.code, done.code) == (1, 0)
    assert "Remove everything before 2020-01-01T00:00:00 UTC" in declined.err
    assert ", ".join(TABLES) in declined.err
    assert "nothing was changed" in declined.err
    assert "1 SmsEvents, 1 SmsMessages, 1 Timeline" in done.out
    assert rows_of() == young


async def test_erase_shows_first_asks_and_leaves_a_receipt(
    run: Any, rows_of: Any, azurite: Azurite, tmp_path: Path
) -> None:
    """The receipt prevents a replay from restoring what was erased, and names nobody."""
    await record(azurite.connection_string, json.dumps(SMS))
    everything = rows_of()
    file, events = tmp_path / "receipt.json", tmp_path / "events.json"
    events.write_text(json.dumps([SMS]))
    declined = on_a_terminal(
        "erase", "--number", PEER, "--receipt", str(file), typed="n\n", EventTables=azurite.connection_string
    )
    assert (rows_of(), file.exists()) == (everything, False)
    done = on_a_terminal(
        "erase", "--number", PEER, "--receipt", str(file), typed="y\n", EventTables=azurite.connection_string
    )
    again = run("replay", str(events), "--except", str(file))

    assert (declined.code, done.code, again.code) == (1, 0, 0)
    assert "1 SmsEvents, 1 SmsMessages, 1 Timeline" in declined.out
    assert "Erase all that?" in declined.err
    assert f"the receipt is {file}" in done.err
    assert PEER.lstrip("+") not in file.read_text()
    assert json.loads(file.read_text())["removed"] == {"SmsEvents": 1, "SmsMessages": 1, "Timeline": 1}
    assert told(again)["skipped"] == 1
    assert rows_of() == {}


async def test_erase_with_yes_asks_nobody(run: Any, rows_of: Any, azurite: Azurite, tmp_path: Path) -> None:
    """For scripts. An existing receipt is not overwritten, and then nothing is changed."""
    await record(azurite.connection_string, json.dumps(SMS))
    everything = rows_of()
    file = tmp_path / "receipt.json"
    file.write_text("another")
    refused = run("erase", "--number", PEER, "--yes", "--receipt", str(file))
    assert (refused.code, file.read_text(), rows_of()) == (2, "another", everything)
    file.unlink()
    done = run("erase", "--number", PEER, "--yes", "--receipt", str(file))

    assert (done.code, told(done)["removed"]) == (0, {"SmsEvents": 1, "SmsMessages": 1, "Timeline": 1})
    assert rows_of() == {}


def test_tables_out_of_reach_are_told(tmp_path: Path) -> None:
    """With the exit code for unreachable tables."""
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
    file = tmp_path / "events.json"
    file.write_text(json.dumps([SMS]))
    for arguments in (["rebuild"], ["dead-letters", "replay"], ["replay", str(file)]):
        ran = in_a_pipe(*arguments, EventTables=nowhere)

        assert (ran.code, ran.err.count("\n")) == (3, 1), ran.err
