"""Everything odd that has been seen in events of these types, one test each.

https://learn.microsoft.com/azure/event-grid/communication-services-chat-events
https://learn.microsoft.com/azure/event-grid/communication-services-telephony-sms-events
"""

import json
from typing import Any

import msgspec
import pytest

from acsevents.samples import as_cloud_event
from shared.decoder import decode
from shared.events import timestamps
from shared.rows.records import owner_of, record_columns, record_rows
from tests import samples
from tests.core.strategies import delivered

CHAT = "2021/ChatMessageReceived"
IN_THREAD = "2021/ChatMessageReceivedInThread"
CREATED = "2021/ChatThreadCreatedWithUser"
SMS = "2025/SMSReceived"
REPORT = "2025/SMSDeliveryReportReceived"


def _columns(name: str, envelope: dict[str, Any] | None = None, **data: Any) -> dict[str, Any]:
    event = samples.event(name)
    event = {**event, **(envelope or {}), "data": {**event["data"], **data}}
    return record_columns(decode(delivered(event)))


def test_the_keys_of_an_sms_may_have_either_case() -> None:
    """Samples have PascalCase, the schema has camelCase, and one sample has `Tag` among camelCase names."""
    event = samples.event(REPORT)
    expected = record_columns(decode(delivered(event)))
    event["data"] = {name[0].upper() + name[1:]: part for name, part in event["data"].items()}
    event["data"]["DeliveryAttempts"] = [
        {name[0].upper() + name[1:]: part for name, part in attempt.items()}
        for attempt in event["data"]["DeliveryAttempts"]
    ]
    columns = record_columns(decode(delivered(event)))

    assert expected["Tag"] == "reservations"
    assert {**expected, "Raw": ""} == {**columns, "Raw": ""}


@pytest.mark.parametrize("version", [1613694358927, "1613694358927"])
def test_version_is_a_number_or_a_string(version: int | str) -> None:
    """The column is an Int64 either way, since versions exceed 32 bits."""
    columns = _columns(CHAT, version=version)

    assert columns["Version"] == 1613694358927
    assert "Drift" not in columns


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2020-09-18T00:22:20Z", "2020-09-18T00:22:20.0000000Z"),
        ("2020-09-18T00:22:20.1Z", "2020-09-18T00:22:20.1000000Z"),
        ("2020-09-18T00:22:20.14Z", "2020-09-18T00:22:20.1400000Z"),
        ("2020-09-18T00:22:20.927Z", "2020-09-18T00:22:20.9270000Z"),
        ("2020-09-18T00:22:20.9271Z", "2020-09-18T00:22:20.9271000Z"),
        ("2020-09-18T00:22:20.92712Z", "2020-09-18T00:22:20.9271200Z"),
        ("2020-09-18T00:22:20.037823Z", "2020-09-18T00:22:20.0378230Z"),
        ("2020-09-18T00:22:20.2855749Z", "2020-09-18T00:22:20.2855749Z"),
        ("2020-09-18T00:22:20.2855749+00:00", "2020-09-18T00:22:20.2855749Z"),
        ("2021-02-19T17:07:10.0640001-08:00", "2021-02-20T01:07:10.0640001Z"),
    ],
)
def test_times_have_any_number_of_digits_and_any_offset(time: str, expected: str) -> None:
    """All are read to 100 ns, in UTC, without a note."""
    columns = _columns(CHAT, composeTime=time, envelope={"eventTime": time})

    assert (expected, expected) == (columns["OccurredAt"], columns["EventTime"])
    assert "Drift" not in columns


def test_the_same_instant_with_another_offset_is_a_redelivery() -> None:
    """In CloudEvents a time may have seven digits where the Event Grid schema has none."""
    times = ("2020-09-18T00:22:20Z", "2020-09-18T00:22:20.0000000Z", "2020-09-18T02:22:20+02:00")
    keys = {record_rows(decode(delivered({**samples.event(SMS), "eventTime": time})))[0].row_key for time in times}

    assert len(keys) == 1


def test_a_time_of_the_router_is_no_time_here() -> None:
    """A time in American notation is left out and noted; the event's own time is used instead."""
    columns = _columns(CHAT, composeTime="3/28/2007 7:13:50 PM +00:00")

    assert columns["EventTime"] == columns["OccurredAt"]
    assert "ComposedAt" not in columns
    assert json.loads(columns["Drift"]) == ["$.data.composeTime: not a time between 1601 and 9999"]


def test_the_case_of_a_resource_id_makes_no_other_event() -> None:
    """ARM ids are compared without regard to case, and samples differ in it. The column has the id as delivered."""
    event = samples.event(SMS)
    upper = {**event, "topic": event["topic"].upper()}
    first, second = decode(delivered(event)), decode(delivered(upper))

    assert first.digest == second.digest
    assert upper["topic"] == record_columns(second)["ResourceId"]


@pytest.mark.parametrize(
    "subject", ["/phonenumber/15555555555", "phonenumber/15555555555", "thread/1/participantadded/2", "", None]
)
def test_subjects_are_kept_and_never_parsed(subject: str | None) -> None:
    """Subjects vary in slashes and case, and may contradict `data`; nothing depends on them."""
    columns = _columns(SMS, envelope={"subject": subject})

    assert subject == columns.get("Subject")
    assert columns["Number"] == "+15555550100"


def test_cloud_events_may_spell_spec_version_with_a_capital() -> None:
    """All samples of 2022 had `specVersion`, and azure-functions takes such events for Event Grid schema."""
    event = as_cloud_event(samples.event(SMS))
    event["specVersion"] = event.pop("specversion")
    columns = record_columns(decode(json.dumps(event)))

    assert columns["EnvelopeSchema"] == "CloudEventSchemaV1_0"
    assert "Drift" not in columns


def test_documented_json_with_a_trailing_comma_is_not_json() -> None:
    """The documentation's sample of a created thread is invalid JSON and refused; nothing is guessed."""
    text = delivered(samples.event(CREATED)).replace('services"}', 'services",}', 1)
    with pytest.raises(Exception, match=r"\$: .* at character \d+") as caught:
        decode(text)

    assert getattr(caught.value, "reason", None) == "not_json"


def test_a_typing_indicator_may_carry_nothing_but_the_sender_and_the_thread() -> None:
    """The only official sample lacks properties that are marked as required, and its display name is blank."""
    columns = record_columns(decode(delivered(samples.event("2025/ChatTypingIndicatorReceivedInThread"))))

    assert (
        columns["Kind"],
        columns["SenderDisplayName"],
        columns["SenderKind"],
    ) == ("typing.received", "", "microsoftTeamsUser")
    assert not {"MessageId", "Body", "ComposedAt", "Version", "MessageType"} & columns.keys()


@pytest.mark.parametrize("metadata", [None, {}, {"key": "value"}, {"key": None, "number": 1.50, "nested": [{}]}])
def test_metadata_may_be_absent_empty_or_other_than_strings(metadata: dict[str, Any] | None) -> None:
    """By its schema it is a map of strings; any other content is kept as JSON."""
    columns = _columns(CHAT, metadata=metadata)

    assert metadata == json.loads(columns.get("Metadata", "null"))
    assert "Drift" not in columns


def test_a_body_may_be_html_or_emoji_or_quotes() -> None:
    """The text is kept character by character."""
    body = '<p>Hej &amp; "hå" 🌻 \x00\x07\x7f\u2028\u202e</p></script>\'--'

    assert body == _columns(CHAT, messageBody=body, type="RichText/Html")["Body"]


def test_half_an_emoji_does_not_cost_the_message() -> None:
    """A lone surrogate becomes U+FFFD in columns and stays as delivered in `Raw`; nothing else changes."""
    event = samples.event(CHAT)
    event["data"].update(
        messageBody="cut \ud83c", metadata={"\udf3b": "\ud83c\udf3b"}, senderDisplayName="\ud83c\udf3b"
    )
    text = json.dumps(event)
    record = decode(text)

    assert r"cut \ud83c" in text
    assert text == record_columns(record)["Raw"]
    assert record_columns(record)["Body"] == "cut \ufffd"
    assert record_columns(record)["SenderDisplayName"] == "🌻"
    assert json.loads(str(record_columns(record)["Metadata"])) == {"\ufffd": "🌻"}
    assert "Drift" not in record_columns(record)


def test_half_an_emoji_in_a_key_is_a_legal_key() -> None:
    """Keys are built from cleaned text; the digest still distinguishes different surrogates."""
    event = samples.event(SMS)
    records = [decode(json.dumps({**event, "data": {**event["data"], "to": half}})) for half in ("\ud800", "\udfff")]

    assert [owner_of(record) for record in records] == ["\ufffd", "\ufffd"]
    assert records[0].digest != records[1].digest


@pytest.mark.parametrize(
    "number", ["1e999", "-1E-999", "1e99999999999999999999", "NaN", "Infinity", "-Infinity", "0.10"]
)
def test_numbers_that_other_parsers_refuse_do_not_cost_the_message(number: str) -> None:
    """A number that fits no column is noted; one in a map stays valid JSON."""
    event = samples.event(CHAT)
    event["data"] |= {"version": "@", "metadata": {"n": "@"}}
    text = json.dumps(event).replace('"@"', number)
    columns = record_columns(decode(text))

    assert "Version" not in columns
    assert "$.data.version" in str(columns["Drift"])
    assert "n" in msgspec.json.decode(str(columns["Metadata"]), type=dict[str, msgspec.Raw])


def test_a_thread_with_both_lists_of_people_tells_the_newer() -> None:
    """Of `members` and `participants`, the latter is used unless it is empty; two empty lists mean nobody."""
    members = [{"displayName": "Ann", "memberId": "8:acs:a_1"}]
    both = _columns(CREATED, members=members)
    old = _columns(CREATED, members=members, participants=[])
    nobody = _columns(CREATED, members=[], participants=[])

    assert (
        samples.event(CREATED)["data"]["participants"][0]["displayName"]
        == json.loads(both["Participants"])[0]["displayName"]
    )
    assert json.loads(old["Participants"]) == [{"displayName": "Ann", "id": "8:acs:a_1", "kind": "communicationUser"}]
    assert (old["ParticipantCount"], nobody["ParticipantCount"]) == (1, 0)


@pytest.mark.parametrize("topic", ["topic", "Topic"])
def test_a_topic_is_a_string_among_properties_of_any_type(topic: str) -> None:
    """`properties` is a map of any values; `topic` in it is found in any case, like all names."""
    columns = _columns(CREATED, properties={topic: "Bread", "other": {"deep": [1]}})

    assert columns["ThreadTopic"] == "Bread"
    assert {topic: "Bread", "other": {"deep": [1]}} == json.loads(columns["Properties"])


@pytest.mark.parametrize("topic", [5, True, 1.5, ["Bread"], {"a": 1}])
def test_a_topic_of_another_type_is_left_out_and_noted(topic: object) -> None:
    """It stays in `Properties`, and no story takes it for the topic."""
    event = samples.event(CREATED)
    event["data"]["properties"] = {"topic": topic}
    record = decode(delivered(event))

    assert "ThreadTopic" not in record_columns(record)
    assert record.facts.thread_topic is None
    assert json.loads(str(record_columns(record)["Drift"])) == ["$.data.properties.topic: not a string"]
    assert {"topic": topic} == json.loads(str(record_columns(record)["Properties"]))


def test_transaction_and_message_ids_are_opaque() -> None:
    """They may be Base64 with `/` and `+`, or anything else; columns and keys keep them unchanged."""
    event = samples.event(SMS)
    event["data"]["messageId"] = "pVIjw/pHEEKUO+JD#?\\%/\u0085.1.1"
    filed = record_rows(decode(delivered(event)))[1].entity

    assert event["data"]["messageId"] == filed["MessageId"]
    assert str(filed["RowKey"]).startswith("pVIjw=2FpHEEKUO+JD=23=3F=5C=25=2F=C2=85.1.1~")


def test_a_thread_event_without_time_of_its_own_has_that_of_the_envelope() -> None:
    """And an event whose envelope has no time is ordered by its own time."""
    assert _columns(IN_THREAD, composeTime=None)["OccurredAt"] == "2021-02-20T01:07:10.5704596Z"
    event = samples.event(IN_THREAD)
    del event["eventTime"]
    record = decode(delivered(event))

    assert timestamps.Instant.parse("2021-02-20T01:07:10.064Z").ticks == record.ticks
    assert "EventTime" not in record_columns(record)
    assert json.loads(str(record_columns(record)["Drift"])) == ["$.eventTime: missing"]
