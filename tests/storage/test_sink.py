"""The failure policy, event by event: recorded, dead-lettered or raised, and nothing lost in between."""

import asyncio
import base64
import itertools
import json
import logging
import random
import traceback
import zlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables import TableEntity

from acsevents.local.azurite import Azurite
from shared import sink
from shared.catalogue import TABLES, TIMELINE
from shared.decoder import decode
from shared.errors import RowRefused, SettingsError, StorageError
from shared.rows.fitting import entity_bytes, unpack
from shared.rows.records import record_rows
from shared.sink import DeadLettered, Recorded, Sink, receive
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.lane import MOST_BYTES
from shared.storage.odata import Row
from shared.storage.tables import Tables
from tests import samples
from tests.storage.edm import Typed, found, meant, rows_of
from tests.storage.events import PREFIX, chat, event, family_function, sms
from tests.storage.fake_writer import FakeWriter
from tests.storage.opening import opened_sink
from tests.storage.room import UnlimitedRoom


class Store(UnlimitedRoom):
    """Keeps what it is given, or raises what it is told to."""

    def __init__(self, *errors: Exception | None) -> None:
        self.written: list[Sequence[Row]] = []
        self._errors = list(errors)

    def keep(self, rows: Sequence[Row]) -> None:
        """Write rows."""
        error = self._errors.pop(0) if self._errors else None
        if error is not None:
            raise error
        self.written.append(rows)

    @property
    def tables(self) -> list[str]:
        """The tables written to, in order."""
        return [row.table for rows in self.written for row in rows]

    def dead_letter(self) -> dict[str, Any]:
        """The only row that was written, which is a dead letter."""
        ((row,),) = self.written
        assert row.table == "DeadLetters"
        content = json.loads(row.body)
        assert isinstance(content, dict)
        return content


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


CONTENT_ERRORS: dict[str, list[str | bytes]] = {
    "not_json": ["{", "", "hello", b"\xff\xfe", '{"id": 1} x', "[" * 200_000],
    "not_an_event": ["[]", "null", "7", "{}", '{"id":"1"}', '{"eventType":"x"}', '[{"id":"1"},{"id":"2"}]'],
    "unsupported_type": ['{"id":"1","eventType":"Contoso.Whatever","data":{}}'],
    "invalid_data": [
        event("SMSReceived", {"messageId": "m", "to": {"not": "a number"}}),
        event("SMSReceived", {})[:-3] + "7}",
    ],
    "missing_key": [event("SMSReceived", {"messageId": "m"}), sms(messageId=None), sms(to=""), chat(threadId=None)],
}


@pytest.mark.parametrize(
    ("reason", "text"), [(reason, text) for reason, texts in CONTENT_ERRORS.items() for text in texts], ids=repr
)
@pytest.mark.promise("No poison loop")
async def test_bad_content_becomes_a_dead_letter_with_its_reason(reason: str, text: str | bytes) -> None:
    """It is acknowledged, its text is kept, and the reason is told with a JSON path."""
    store = Store()
    outcome = await Sink(store).receive(text, function="sms_events")

    assert isinstance(outcome, DeadLettered)
    letter = store.dead_letter()
    assert (letter["PartitionKey"], letter["Reason"]) == ("sms_events", reason)
    assert letter["Detail"].startswith("$")
    assert letter["Detail"] == str(outcome.error)


async def test_a_dead_letter_names_the_event_where_it_can() -> None:
    """Id and type of an event with bad data are columns of its dead letter."""
    store = Store()
    await Sink(store).receive(event("SMSReceived", {"messageId": "m"}, id="e-7"), function="sms_events")

    assert store.dead_letter()["EventId"] == "e-7"
    assert store.dead_letter()["EventType"] == PREFIX + "SMSReceived"


@pytest.mark.parametrize(
    "text", ["{", "half \ud83d", "nul \x00 in no JSON", b"\xff\xfe\x00", "x" * 1_000_000, "🌻" * 20_000]
)
async def test_a_dead_letter_keeps_its_text_whole(text: str | bytes, real: Sink, account: Account) -> None:
    """Whatever was delivered is read back equal; the same text twice is one row."""
    for _ in range(2):
        assert isinstance(await real.receive(text, function="sms_events"), DeadLettered)
    (row,) = rows_of(account, "DeadLetters")

    assert unpack(row) == text


async def test_what_fits_no_row_at_all_is_raised() -> None:
    """Not even the dead letter fits: Event Grid's own dead-letter container keeps it."""
    noise = base64.b85encode(random.Random(1).randbytes(1_100_000)).decode()
    store = Store()
    for text in (noise, chat(messageBody=noise)):
        with pytest.raises(StorageError, match="not even the dead letter fits"):
            await Sink(store).receive(text, function="sms_events")

    assert store.written == []


class LeakyBugError(Exception):
    """A bug whose message quotes the event, as most do."""


@pytest.fixture(name="bug")
def _bug(monkeypatch: pytest.MonkeyPatch) -> None:
    """A decoder with a bug."""

    def stumble(text: str) -> object:
        raise LeakyBugError(text)

    monkeypatch.setattr(sink, "decode", stumble)


@pytest.mark.usefixtures("bug")
@pytest.mark.promise("No poison loop")
async def test_a_bug_in_the_decoder_becomes_a_dead_letter(caplog: pytest.LogCaptureFixture) -> None:
    """The event is kept as `internal_error`; the log shows where the bug is and nothing of the event."""
    store = Store()
    outcome = await Sink(store).receive(sms(message="the secret text"), function="sms_events")

    assert isinstance(outcome, DeadLettered)
    assert store.dead_letter()["Reason"] == "internal_error"
    assert "LeakyBugError" in store.dead_letter()["Detail"]
    assert "the secret text" not in store.dead_letter()["Detail"]
    assert store.dead_letter()["Raw"] == sms(message="the secret text")
    (line,) = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
    assert "LeakyBugError" in line
    assert "in stumble" in line
    assert "the secret text" not in caplog.text


@pytest.mark.parametrize("decoder_has_a_bug", [True, False])
async def test_storage_trouble_on_the_way_to_the_dead_letters_quotes_no_event(
    request: pytest.FixtureRequest, *, decoder_has_a_bug: bool
) -> None:
    """What the host prints of the failure, causes and all, has nothing of the event in it."""
    if decoder_has_a_bug:
        request.getfixturevalue("bug")
    text = event("SMSReceived", {"messageId": "m", "message": "the secret text"})
    with pytest.raises(StorageError) as raised:
        await Sink(Store(StorageError("503"))).receive(text, function="sms_events")

    assert "the secret text" not in "".join(traceback.format_exception(raised.value))


async def test_an_event_of_another_family_is_recorded_in_its_own_tables(caplog: pytest.LogCaptureFixture) -> None:
    """A wrong subscription loses nothing, and the log names type and function, not who wrote what."""
    store = Store()
    outcome = await Sink(store).receive(sms(message="the secret text"), function="chat_user_events")

    assert isinstance(outcome, Recorded)
    assert store.tables == ["SmsEvents", "SmsMessages", "Timeline"]
    warnings = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
    assert warnings == [f"misrouted: {PREFIX}SMSReceived was delivered to chat_user_events"]
    assert "the secret text" not in caplog.text
    assert "1555000" not in caplog.text


async def test_an_event_of_an_unknown_function_is_recorded_too() -> None:
    """Somebody renamed a function: the event still goes where its type belongs."""
    store = Store()

    assert isinstance(await Sink(store).receive(chat(), function="renamed"), Recorded)
    assert store.tables == ["ChatThreadEvents", "Timeline"]


@pytest.mark.promise("Quiet")
async def test_a_type_cannot_forge_or_flood_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The type of an unknown event is content: it is logged on one line, without control characters, and cut."""
    forged = "x\r\nERROR all is lost \x1b[31m" + "y" * 100_000
    text = json.dumps({"id": "1", "eventType": forged, "data": {}})
    await Sink(Store()).receive(text, function="sms_events")

    (line,) = [record.getMessage() for record in caplog.records]
    assert line.isprintable()
    assert len(line) < 500


@pytest.mark.promise("Quiet")
@pytest.mark.parametrize(
    ("name", "told"),
    [
        (PREFIX + "SMSReceived", PREFIX + "SMSReceived"),
        (PREFIX + "CallStarted", "an unknown type"),
        ("Maya lives at 1 Main Street", "an unknown type"),
    ],
)
async def test_the_log_names_the_type_of_a_dead_letter_only_if_the_catalogue_does(
    name: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Any other type is whatever its sender wrote."""
    await Sink(Store()).receive(json.dumps({"id": "1", "eventType": name, "data": {}}), function="sms_events")

    (line,) = [record.getMessage() for record in caplog.records]
    assert line.endswith(f", {told}")


@pytest.mark.promise("No poison loop")
async def test_storage_trouble_is_raised_and_leaves_no_dead_letter() -> None:
    """Event Grid delivers again; nothing claims that the event is bad."""
    store = Store(StorageError("503"))
    with pytest.raises(StorageError, match="503"):
        await Sink(store).receive(sms(), function="sms_events")

    assert store.written == []


async def test_a_refused_record_is_kept_as_a_dead_letter(caplog: pytest.LogCaptureFixture) -> None:
    """What the service will never take is acknowledged with its code, id and type, and told to the operator."""
    store = Store(RowRefused("EntityTooLarge"))
    outcome = await Sink(store).receive(sms("m-7"), function="sms_events")

    assert isinstance(outcome, DeadLettered)
    letter = store.dead_letter()
    assert (letter["Reason"], letter["EventId"]) == ("internal_error", "m-7")
    assert letter["EventType"] == PREFIX + "SMSReceived"
    assert "EntityTooLarge" in letter["Detail"]
    assert "a record was refused" in caplog.text


async def test_trouble_after_a_refusal_is_raised() -> None:
    """The record is refused and the dead letter not taken: the event is not acknowledged."""
    with pytest.raises(StorageError, match="503"):
        await Sink(Store(RowRefused("EntityTooLarge"), StorageError("503"))).receive(sms(), function="sms_events")


@pytest.mark.promise("Bounded")
@pytest.mark.parametrize("text", [sms(), "no JSON"])
async def test_tables_that_never_answer_are_given_up_in_time(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a record and of a dead letter. The deployed bound leaves two of the twenty seconds; here it is shortened."""
    assert sink.ANSWER_WITHIN_SECONDS <= 18

    monkeypatch.setattr(sink, "ANSWER_WITHIN_SECONDS", 0.05)
    writer = FakeWriter(holding=True)
    with pytest.raises(StorageError, match="not written in time"):
        await Sink(GroupCommit(writer)).receive(text, function="sms_events")
    writer.release()


@pytest.mark.promise("Crash-safe")
async def test_a_call_that_the_host_cancels_is_not_answered() -> None:
    """Cancellation is no storage trouble and no success: it stays what it is."""
    call = asyncio.create_task(Sink(GroupCommit(FakeWriter(holding=True))).receive(sms(), function="sms_events"))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


@pytest.fixture(name="fresh_process")
def _fresh_process() -> None:
    """A worker that has not received anything yet."""
    sink._sink_of.cache_clear()


@pytest.mark.usefixtures("fresh_process")
@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "EventTables"),
        ({"EventTables": "what is this"}, "EventTables"),
        ({"EventTables": "AccountName=a;AccountKey=!no base64!"}, "EventTables"),
        ({"EventTables": "AccountName=a;AccountKey=YWJj;TableEndpoint=http://127.0.0.1:port/a"}, "EventTables"),
        ({"EventTables": "AccountName=a;AccountKey=YWJj;TableEndpoint=http:///quoted"}, "EventTables"),
        ({"AzureWebJobsStorage": "AccountName=only"}, "AzureWebJobsStorage"),
        ({"EventTables__tableServiceUri": "http://a.table.core.windows.net"}, "EventTables__tableServiceUri"),
        ({"EventTables__tableServiceUri": "https://"}, "EventTables__tableServiceUri"),
        ({"EventTables": "x", "EventTables__tableServiceUri": "https://y"}, "EventTables__tableServiceUri"),
        ({"EventTables__clientId": "x"}, "EventTables__clientId"),
    ],
)
async def test_a_wrong_setting_is_named_by_the_first_event(
    environment: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call fails with the setting's name and cure, not its value; so does the second, until it is mended."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        with pytest.raises(SettingsError, match=named) as raised:
            await receive(sms(), function="sms_events")

    printed = "".join(traceback.format_exception(raised.value))
    for value in ("what is this", "no base64", "quoted", "127.0.0.1", "a.table.core.windows.net"):
        assert value not in printed


@pytest.mark.usefixtures("fresh_process")
async def test_the_app_writes_where_its_setting_says(
    account: Account, azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`receive` of the triggers keeps one sink per event loop, on the account of `EventTables`."""
    monkeypatch.setenv("EventTables", azurite.connection_string)
    await receive(sms(), function="sms_events")
    monkeypatch.delenv("EventTables")
    await receive(sms("m-2"), function="sms_events")
    store = sink._sink_of(asyncio.get_running_loop())._store
    assert isinstance(store, GroupCommit)
    assert isinstance(store._writer, Tables)
    await store.close()
    await store._writer.close()
    sink._sink_of.cache_clear()

    assert len(rows_of(account, "SmsEvents")) == 2


class Choosy(UnlimitedRoom):
    """A store that refuses every row with an event id, whatever it may have against it."""

    def __init__(self) -> None:
        self.rows: list[Row] = []

    def keep(self, rows: Sequence[Row]) -> None:
        """Take rows without the sender's id."""
        if any(b'"EventId"' in row.body for row in rows):
            raise RowRefused("InvalidInput")
        self.rows += rows


@pytest.mark.promise("No poison loop")
async def test_a_refused_dead_letter_is_kept_without_what_its_sender_chose() -> None:
    """Keys, reason and the text as bytes are left: nothing that the service could refuse for its content."""
    store = Choosy()
    text = json.dumps({"id": "an id that the service does not like", "eventType": "no.such.type", "data": {}})
    outcome = await Sink(store).receive(text, function="sms_events")

    assert isinstance(outcome, DeadLettered)
    (row,) = store.rows
    kept = json.loads(row.body)
    assert "unsupported_type" == kept["Reason"]
    assert text.encode() == zlib.decompress(base64.b64decode(kept["RawZ0"]))


@pytest.mark.promise("Once")
async def test_the_first_event_of_the_next_burst_is_written_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """For a moment it is the only call; it is not written on its own, as a call that has had no company for long is."""
    writer = FakeWriter()
    target = Sink(GroupCommit(writer))

    async def burst(name: str) -> None:
        first = asyncio.create_task(target.receive(sms(f"{name}-first"), function="sms_events"))
        await asyncio.sleep(0)
        await asyncio.gather(first, *(target.receive(sms(f"{name}-{n}"), function="sms_events") for n in range(9)))

    monkeypatch.setattr(sink, "_COMPANY_SECONDS", 60.0)
    await burst("one")
    assert sorted({len(rows) for rows in writer.calls}) == [1, 9]

    writer.calls.clear()
    await burst("two")
    assert [len(rows) for rows in writer.calls] == [10] * len(writer.calls)
