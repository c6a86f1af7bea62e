"""The failure policy, event by event: recorded, dead-lettered or raised, and nothing lost in between."""

import asyncio
import base64
import json
import logging
import random
import traceback
import zlib
from collections.abc import Sequence

import pytest

from shared import sink
from shared.errors import RowRefused, StorageError
from shared.sink import DeadLettered, Recorded, Sink
from shared.storage.group_commit import GroupCommit
from shared.storage.odata import Row
from tests.storage.events import PREFIX, chat, event, sms
from tests.storage.fake_writer import FakeWriter
from tests.storage.room import UnlimitedRoom
from tests.storage.store import Store

CONTENT_ERRORS: dict[str, list[str | bytes]] = {
    "not_json": ["{", "", "hello", b"\xff\xfe", '{"id": 1} x', "[" * 200_000],
    "not_an_event": [
        *("[]", "null", "7", "{}", '{"id":"1"}', '{"eventType":"x"}', '[{"id":"1"},{"id":"2"}]'),
        # Half an emoji in what the dead letter names.
        *(r'{"id":"\ud83d","eventType":5}', r'{"eventType":"\ud83d"}', r'{"specversion":"1.0","type":"\udc00"}'),
    ],
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
