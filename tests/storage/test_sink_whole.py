"""Events come back from Azurite as they were delivered, each once."""

import asyncio
import base64
import itertools
import json
import random
from collections.abc import AsyncIterator

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableEntity

from shared.catalogue import TABLES, TIMELINE
from shared.decoder import decode
from shared.rows.fitting import entity_bytes, unpack
from shared.rows.records import record_rows
from shared.sink import DeadLettered, Recorded, Sink
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.lane import MOST_BYTES
from shared.storage.tables import Tables
from tests import samples
from tests.storage.edm import Typed, found, meant, rows_of
from tests.storage.events import chat, event, family_function, sms
from tests.storage.opening import opened_sink
from tests.storage.store import Store


@pytest.fixture(name="real")
async def _real(account: Account) -> AsyncIterator[Sink]:
    """A sink on the real Azurite, as the app makes it."""
    async with opened_sink(account) as sink:
        yield sink


def stored(account: Account) -> dict[str, list[Typed]]:
    """Read all tables that exist and hold rows, through the SDK."""
    return {table: [found(row) for row in rows] for table in TABLES if (rows := _rows_if_any(account, table))}


def _rows_if_any(account: Account, table: str) -> list[TableEntity]:
    try:
        return rows_of(account, table)
    except ResourceNotFoundError:
        return []


async def _recorded(real: Sink, account: Account, text: str, function: str) -> None:
    """Deliver an event and read back what its record says, in the right types and to the last digit."""
    outcome = await real.receive(text, function=function)

    assert isinstance(outcome, Recorded)
    expected: dict[str, list[Typed]] = {}
    for row in record_rows(decode(text)):
        expected.setdefault(row.table, []).append(meant(row.entity))
    assert stored(account) == expected
    for table in expected.keys() - {TIMELINE}:
        assert [unpack(row) for row in rows_of(account, table)] == [text]


# The core's tests decode every sample in every form; here the forms take turns.
@pytest.mark.parametrize(("name", "form"), list(zip(samples.NAMES, itertools.cycle(samples.FORMS), strict=False)))
@pytest.mark.promise("Kept")
async def test_every_sample_comes_back_as_its_record_says(name: str, form: str, real: Sink, account: Account) -> None:
    """Rows read through the SDK hold the record's columns in their Edm types, and the text as it was handed over."""
    await _recorded(
        real,
        account,
        json.dumps(samples.FORMS[form](samples.event(name)), ensure_ascii=False),
        family_function(name.partition("/")[2]),
    )


ODD_TEXTS = {
    "emoji": "🌻 grüße 漢字",
    "html": "</script><script>alert(1)</script>",
    "quotes": "it's \"quoted\" ' or 1 eq 1",
    "percent": "100% %27 %2F",
    "forbidden in keys": "a/b\\c#d?e",
    "controls": "tab\t newline\r\n nul\x00 bell\x07 del\x7f next\x85",
    "line separators": "one\u2028two\u2029three\u00a0\u2027",
    "bidi": "\u202ereversed\u202c \u200b\ufeff",
    "boundary": "\r\n--changeset_1--\r\nHTTP/1.1 400 Bad Request\r\n",
}


@pytest.mark.parametrize("odd", ODD_TEXTS.values(), ids=ODD_TEXTS)
async def test_odd_characters_anywhere_come_back(odd: str, real: Sink, account: Account) -> None:
    """In the text, in the names that become keys and in the event's id: everything is stored equal."""
    await _recorded(real, account, sms(odd, **{"from": odd, "to": odd, "message": odd}), "sms_events")


async def test_odd_events_of_one_partition_share_transactions(real: Sink, account: Account) -> None:
    """Whatever the neighbours in a transaction hold, each row is its own."""
    texts = [chat(odd, messageBody=odd, senderDisplayName=odd) for odd in ODD_TEXTS.values()]
    outcomes = await asyncio.gather(*(real.receive(text, function="chat_thread_events") for text in texts))

    assert all(isinstance(outcome, Recorded) for outcome in outcomes)
    assert {unpack(row) for row in rows_of(account, "ChatThreadEvents")} == set(texts)


@pytest.mark.parametrize(
    "text", [chat(messageBody="half \ud83d emoji"), chat("half \udf3b").replace("\\udf3b", "\udf3b")]
)
async def test_half_an_emoji_does_not_cost_the_message(text: str, real: Sink, account: Account) -> None:
    """As an escape or as a character: columns show U+FFFD, the text comes back as it came."""
    assert isinstance(await real.receive(text, function="chat_thread_events"), Recorded)
    (row,) = rows_of(account, "ChatThreadEvents")

    assert unpack(row) == text
    assert "\ufffd" in row["Body"] + row["MessageId"]


@pytest.mark.promise("Whole")
async def test_an_event_of_a_megabyte_comes_back_equal(real: Sink, account: Account) -> None:
    """Event Grid's limit: kept whole in binary columns, its message cut in its own."""
    noise = base64.b85encode(random.Random(1).randbytes(550_000)).decode()
    text = chat(messageBody=noise + "🌻" * 85_000)
    text = json.dumps(json.loads(text), ensure_ascii=False)
    assert 1_000_000 < len(text.encode()) < 1_048_576

    assert isinstance(await real.receive(text, function="chat_thread_events"), Recorded)
    (row,) = rows_of(account, "ChatThreadEvents")

    assert unpack(row) == text
    assert noise.startswith(row["Body"])


async def test_an_event_of_a_megabyte_of_noise_fits_a_row() -> None:
    """What hardly compresses fits the service's limit, too; Azurite counts its base64 and would not take it."""
    noise = base64.b85encode(random.Random(1).randbytes(830_000)).decode()
    store = Store()
    text = chat(messageBody=noise)

    assert 1_000_000 < len(text.encode()) < 1_048_576
    assert isinstance(await Sink(store).receive(text, function="chat_thread_events"), Recorded)
    ((row, _in_time_line),) = store.written
    assert entity_bytes(record_rows(decode(text))[0].entity) <= 1_048_576
    assert row.size < MOST_BYTES


async def test_large_events_at_once_come_back_equal(real: Sink, account: Account) -> None:
    """Ten events of a megabyte in one partition, in as many transactions as they take."""
    noise = base64.b85encode(random.Random(2).randbytes(700_000)).decode()
    texts = [chat(f"m-{number}", messageBody=f"{number}{noise}") for number in range(10)]
    await asyncio.gather(*(real.receive(text, function="chat_thread_events") for text in texts))

    assert {unpack(row) for row in rows_of(account, "ChatThreadEvents")} == set(texts)


async def test_a_thread_of_two_hundred_and_fifty_comes_back_equal(real: Sink, account: Account) -> None:
    """The largest thread: all participants, whatever had to be left out of the columns."""
    people = [
        {
            "displayName": f"Participant {number} 🌻",
            "participantCommunicationIdentifier": {"rawId": f"8:acs:{number:036}_{number:036}"},
            "metadata": {"note": "x" * 100},
        }
        for number in range(250)
    ]
    text = event("ChatThreadCreated", {"threadId": "19:large@thread.v2", "participants": people})
    assert isinstance(await real.receive(text, function="chat_thread_events"), Recorded)
    (row,) = rows_of(account, "ChatThreadEvents")

    assert unpack(row) == text
    assert row["ParticipantCount"] == 250


@pytest.mark.promise("Once")
async def test_any_number_of_deliveries_leaves_the_same_rows(real: Sink, account: Account) -> None:
    """One after the other, at once, and by two workers: one row per table, the time line among them."""
    text = sms()
    await real.receive(text, function="sms_events")
    once = stored(account)
    tables = Tables(account)
    other = Sink(GroupCommit(tables))
    await asyncio.gather(*(worker.receive(text, function="sms_events") for worker in (real, other) for _ in range(20)))
    await tables.close()

    assert stored(account) == once
    assert {table: len(rows) for table, rows in once.items()} == {"SmsEvents": 1, "SmsMessages": 1, "Timeline": 1}


@pytest.mark.promise("Never silently merged")
async def test_two_contents_under_one_id_are_both_kept(real: Sink, account: Account) -> None:
    """Same id, other text: two rows, also when they arrive together."""
    texts = {sms(message="first"), sms(message="second")}
    await asyncio.gather(*(real.receive(text, function="sms_events") for text in texts))

    assert {unpack(row) for row in rows_of(account, "SmsEvents")} == texts
    assert {unpack(row) for row in rows_of(account, "SmsMessages")} == texts


@pytest.mark.parametrize(
    "text", ["{", "half \ud83d", "nul \x00 in no JSON", b"\xff\xfe\x00", "x" * 1_000_000, "🌻" * 20_000]
)
async def test_a_dead_letter_keeps_its_text_whole(text: str | bytes, real: Sink, account: Account) -> None:
    """Whatever was delivered is read back equal; the same text twice is one row."""
    for _ in range(2):
        assert isinstance(await real.receive(text, function="sms_events"), DeadLettered)
    (row,) = rows_of(account, "DeadLetters")

    assert unpack(row) == text
