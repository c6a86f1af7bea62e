"""A row that is damaged or was not written by this app is left out, and does not hide others."""

import asyncio
import json
import zlib
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite
from shared.storage.account import Account
from tests.cli.conftest import record
from tests.cli.running import Ran, in_a_pipe
from tests.storage.events import chat, event, sms

OUR = "+15550002222"
THREAD = "19:thread@thread.v2"
USER = "8:acs:someone"
NEWEST = "2000000000000000000~0123456789abcdef"
MINUTE = "0~2000000000000000000"
DAMAGED: list[dict[str, Any]] = [
    {"RowKey": NEWEST},
    {"RowKey": "not one of ours", "Raw": "no JSON"},
    {"RowKey": "zz", "Raw": 7, "Kind": 7, "Drift": "no JSON", "Rows": "no JSON", "MessageId": 7, "ThreadId": 7},
    {"RowKey": f"{NEWEST[:-1]}0", "Raw": json.dumps({"id": "x", "eventType": "Contoso.Unknown"})},
    {"RowKey": f"{NEWEST[:-1]}1", "RawZ0": b"no deflate"},
    {"RowKey": f"{NEWEST[:-1]}2", "RawZ0": zlib.compress(chat().encode())[:-5]},
    {"RowKey": f"{NEWEST[:-1]}3", "RawZ0": "text", "Rows": "[1]"},
    {"RowKey": "m-1~1", "RawZ1": b"x", "DriftCount": "many", "Rows": json.dumps([["SmsEvents", "a", "b"]])},
]


@pytest.fixture(name="damaged")
def _damaged(azurite: Azurite, account: Account) -> str:
    """Write one good event of each family, and damaged rows before and after it."""
    assert account
    to_user = event("ChatMessageReceived", {"recipientId": USER, "threadId": THREAD, "messageId": "m-1"}, id="u")
    asyncio.run(record(azurite.connection_string, sms(), chat(), to_user, "no JSON"))
    partitions = {
        "SmsEvents": OUR,
        "SmsMessages": OUR,
        "ChatThreadEvents": THREAD,
        "ChatUserEvents": USER,
        "Timeline": MINUTE,
        "DeadLetters": "sms_events",
    }
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        for table, partition in partitions.items():
            client = service.get_table_client(table)
            for row in DAMAGED:
                client.create_entity({"PartitionKey": partition, **row})
            client.create_entity({"PartitionKey": "!", "RowKey": "!"})
            client.create_entity({"PartitionKey": "~", "RowKey": "~"})
    return azurite.connection_string


def objects(ran: Ran) -> list[Any]:
    """Parse the output."""
    assert 0 == ran.code, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_no_question_stops_at_a_row_that_it_cannot_read(damaged: str) -> None:
    """Each query returns the readable rows, and says on stderr that some were left out."""

    def ask(*arguments: str) -> list[Any]:
        return objects(in_a_pipe(*arguments, EventTables=damaged))

    good = [line for line in ask("events") if line["time"].startswith("2026-01-02T03:04:05")]
    assert ["message.received", "message.received", "sms.received"] == sorted(line["kind"] for line in good)
    for line in good:
        assert ask("event", line["handle"])[0]["text"]
    for owner in (("--number", OUR), ("--thread", THREAD), ("--user", USER)):
        assert "2026-01-02T03:04:05.1234567Z" in {line["time"] for line in ask("events", *owner)}
    assert "hello" == ask("sms", OUR, "m-1")[0]["text"]
    assert "hello" in {story.get("text") for story in ask("sms", OUR)}
    assert 1 == ask("sms", "--report", OUR)[0]["received"]
    assert "hello" in {message.get("text") for message in ask("thread", THREAD)[0]["messages"]}
    assert ask("thread", THREAD, "--history")
    assert ask("thread", THREAD, "--seen-by", USER)
    assert THREAD in {thread["thread_id"] for thread in ask("user", USER)}
    assert OUR in {number["id"] for number in ask("numbers")}
    assert THREAD in {thread["id"] for thread in ask("threads", "--since", "2026-01-01")}
    assert "not_json" in {letter["reason"] for letter in ask("dead-letters")}
    assert {sms(), chat()} < {row["Raw"] for row in ask("export")}
    assert ask("export", "--since", "2026-01-01")


def test_that_something_was_left_out_is_said(damaged: str) -> None:
    """With the name of the table, and without any content."""
    ran = in_a_pipe("thread", THREAD, EventTables=damaged)

    assert "acsevents: rows of ChatThreadEvents that cannot be read are left out\n" == ran.err
