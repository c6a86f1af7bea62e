"""Unexpected input through the real webhook is stored equal or dead-lettered, and never answered with 500."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite
from acsevents.local.event_grid import LOCAL_KEY, EventGrid
from acsevents.local.host_process import HostProcesses, host_processes
from acsevents.local.newtonsoft import compact, parse
from acsevents.publishing import publish
from acsevents.subscriptions import load
from shared.catalogue import TABLES, TIMELINE
from shared.rows.fitting import unpack
from tests import samples

pytestmark = pytest.mark.asyncio(loop_scope="module")

# Values as JSON texts: what parsers disagree about, what terminals and browsers obey, what queries and keys trip over.
VALUES = {
    "deep arrays": "[" * 40 + "]" * 40,
    "deep objects": '{"a":' * 40 + "1" + "}" * 40,
    "an integer of 400 digits": "9" * 400,
    "an exponent out of range": "1e400",
    "an exponent below range": "-1e-400",
    "an exponent that no library counts": "1e99999999999999999999",
    "fifty digits of a fraction": "0." + "1234567890" * 5,
    "minus zero": "-0.0",
    "not a number": "NaN",
    "infinity": "-Infinity",
    "duplicate keys": '{"a":1,"a":2,"\\u0061":3}',
    "half an emoji": '"\\ud83d"',
    "the halves in the wrong order": '"\\ude00\\ud83d"',
    "a whole emoji in halves": '"\\ud83d\\ude00"',
    "a null character": '"\\u0000"',
    "every control character": json.dumps("".join(map(chr, range(0x20))) + "\x7f\x80\x9f"),
    "right-to-left override": '"\u202egnp.exe\u2066"',
    "a byte order mark inside": '"\ufeffx"',
    "noncharacters": '"\ufffe\uffff\U0010ffff"',
    "terminal escapes": '"\\u001b[2J\\u001b]0;title\\u0007"',
    "HTML": '"<script>alert(1)</script><img src=x onerror=alert(1)>"',
    "the end of a script": '"</script>"',
    "a formula": '"=HYPERLINK(\\"http://example.invalid\\")"',
    "a query": '"\' or 1 eq 1"',
    "forbidden in keys": '"/ \\\\ # ? %"',
    "already escaped": '"%2F%00%25%zz"',
    "quotes": '"\'\'\\"\\"``"',
    "a path": '"../../../etc/passwd"',
    "a batch boundary": '"\\r\\n--batch_x\\r\\nPUT / HTTP/1.1\\r\\n\\r\\n"',
    "a megabyte": '"' + "x" * 900_000 + '"',
    "emojis over the limit of a column": '"' + "😀" * 40_000 + '"',
    "an empty text": '""',
    "only spaces": '"  "',
    "true": "true",
    "null": "null",
    "a number": "7",
    "an empty array": "[]",
    "an empty object": "{}",
    "an array of everything": '[null,true,1,"x",{"y":[]}]',
}
# Where a value stands in an event: a text, an unknown field, a map, a key, an id, the payload itself.
PLACES = {
    "chat_thread_events": ("messageBody", "unheardOf", "metadata", "threadId", "senderCommunicationIdentifier"),
    "sms_events": ("message", "to", "messageId", "segmentCount", "receivedTimestamp"),
}
SAMPLES = {"chat_thread_events": "2021/ChatMessageReceivedInThread", "sms_events": "2025/SMSReceived"}


@pytest_asyncio.fixture(name="hosts", scope="module", loop_scope="module")
async def _hosts(azurite: Azurite, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[HostProcesses]:
    """Run the real function app in a process of its own, with a log for the tests."""
    log = tmp_path_factory.mktemp("host") / "host.log"
    async with host_processes(azurite.connection_string, log=log) as hosts:
        yield hosts


def event(function: str, place: str, value: str, event_id: str) -> str:
    """Return an event with a value, given as JSON text, in one place."""
    made = samples.event(SAMPLES[function])
    made["id"] = event_id
    if place == "data":
        made["data"] = "@"
    else:
        made["data"][place] = "@"
    return json.dumps(made, ensure_ascii=False).replace('"@"', value)


async def post(session: aiohttp.ClientSession, hosts: HostProcesses, function: str, body: bytes) -> int:
    """Deliver as Event Grid does; return the status."""
    url = f"{hosts.url}/runtime/webhooks/EventGrid?functionName={function}"
    async with session.post(url, data=body, headers={"aeg-event-type": "Notification"}) as answer:
        await answer.read()
        return answer.status


def kept(azurite: Azurite) -> dict[str, list[Any]]:
    """Return the text of every row that holds one, by the event id in it."""
    found: dict[str, list[Any]] = {}
    with TableServiceClient.from_connection_string(azurite.connection_string) as client:
        for table in TABLES:
            if table == TIMELINE:
                continue
            client.create_table_if_not_exists(table)
            for row in client.get_table_client(table).list_entities():
                text = unpack(row)
                found.setdefault(str(json.loads(text).get("id")), []).append(text)
    return found


def dead_letters(folder: Path) -> list[Any]:
    """Return Event Grid's dead letters."""
    return [letter for file in folder.rglob("*.json") for letter in json.loads(file.read_text())]


@pytest.mark.promise("No poison loop")
async def test_every_value_in_every_place_is_stored_equal_or_dead_lettered(
    azurite: Azurite, hosts: HostProcesses, personal_data: frozenset[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """No value in any place makes the host answer 500, and the text that the function received is stored exactly."""
    sent: dict[str, str] = {}
    refused = []
    async with aiohttp.ClientSession() as session:
        for function, places in PLACES.items():
            for place in (*places, "data"):
                for name, value in VALUES.items():
                    event_id = f"{function}, {place}: {name}"
                    text = event(function, place, value, event_id)
                    sent[event_id] = compact(parse(text))
                    status = await post(session, hosts, function, text.encode("utf-8", "surrogatepass"))
                    refused += [event_id] if status != 202 else []

    found = kept(azurite)

    assert [] == refused
    assert [] == [event_id for event_id, text in sent.items() if set(found.get(event_id, ())) != {text}]
    log = next(tmp_path_factory.getbasetemp().glob("host*/host.log")).read_text()
    assert [] == [text for text in personal_data if text in log]


@pytest.mark.parametrize(
    "text",
    ["{}", '{"id":1}', '{"id":"x"}', '{"id":"","eventType":""}', '{"specversion":"1.0"}', "[{},{}]", '{"id":null}'],
)
async def test_an_object_that_is_no_event_is_dead_lettered(hosts: HostProcesses, text: str) -> None:
    """Event Grid never sends one; it is acknowledged and its text kept."""
    async with aiohttp.ClientSession() as session:
        assert await post(session, hosts, "sms_events", text.encode()) == 202


async def test_a_byte_order_mark_before_the_body_is_skipped(hosts: HostProcesses) -> None:
    """Some senders write one."""
    text = event("sms_events", "message", '"after a mark"', "after a mark")
    async with aiohttp.ClientSession() as session:
        assert await post(session, hosts, "sms_events", b"\xef\xbb\xbf" + text.encode()) == 202


@pytest.mark.promise("Kept")
async def test_what_the_host_itself_cannot_read_ends_in_event_grids_dead_letters(
    azurite: Azurite, hosts: HostProcesses, tmp_path: Path
) -> None:
    """The host refuses more than 64 levels before any function runs; Event Grid then keeps the event."""
    too_deep = samples.event(SAMPLES["sms_events"])
    too_deep["id"] = "too deep for the host"
    nested: Any = 1
    for _ in range(100):
        nested = [nested]
    too_deep["data"]["unheardOf"] = nested
    async with EventGrid.start(
        subscriptions=load(), webhook=hosts.url, dead_letter_folder=tmp_path, time_scale=1e-5
    ) as grid:
        await publish(grid.endpoint, LOCAL_KEY, [too_deep])
        await grid.drain(30)

    letters = dead_letters(tmp_path)

    assert ["too deep for the host"] == [letter["id"] for letter in letters]
    assert too_deep["data"] == letters[0]["data"]
    assert "too deep for the host" not in kept(azurite)


@pytest.mark.promise("Tolerant")
@pytest.mark.parametrize("event_type", ["SMSRead", "ChatReactionAddedInThread"])
async def test_a_type_that_nobody_knows_yet_becomes_a_dead_letter(
    azurite: Azurite, hosts: HostProcesses, tmp_path: Path, event_type: str
) -> None:
    """A type that Microsoft adds passes the event subscription for new types, and is kept to be replayed."""
    new = samples.event(SAMPLES["sms_events"])
    new |= {"id": f"the first {event_type}", "eventType": f"Microsoft.Communication.{event_type}"}
    async with EventGrid.start(subscriptions=load(), webhook=hosts.url, dead_letter_folder=tmp_path) as grid:
        await publish(grid.endpoint, LOCAL_KEY, [new, {**new, "eventType": "Microsoft.Communication.CallStarted"}])
        await grid.drain(30)

    assert (grid.counts["delivered"], grid.counts["dropped"]) == (1, 1)
    with TableServiceClient.from_connection_string(azurite.connection_string) as client:
        rows = client.get_table_client("DeadLetters").query_entities(f"EventId eq '{new['id']}'")
        assert [("unsupported_type", new["eventType"])] == [(row["Reason"], row["EventType"]) for row in rows]
    assert [new] == [json.loads(text) for text in kept(azurite)[new["id"]]]
