"""`decode`: the events that Event Grid documents, and texts that are not such events."""

import json
from typing import Any

import pytest

from shared.decoder import decode
from shared.errors import ContentError
from shared.rows.fitting import unpack
from shared.rows.records import owner_of, record_columns, record_rows
from tests import samples
from tests.core.strategies import delivered, outcome

RECEIVED = "2021/ChatMessageReceived"


@pytest.mark.parametrize("form", samples.FORMS)
@pytest.mark.parametrize("name", samples.NAMES)
def test_every_sample_in_every_form_becomes_the_rows_written_beside_it(name: str, form: str) -> None:
    """Rows do not depend on the envelope's schema, except for `EnvelopeSchema`, nor on an array around the event."""
    schema = "CloudEventSchemaV1_0" if form.startswith("CloudEvents") else "EventGridSchema"
    expected = samples.golden(name)
    for row in expected:
        if "EnvelopeSchema" in row["entity"]:
            row["entity"]["EnvelopeSchema"] = schema

    rows = samples.rows(decode(delivered(samples.event(name), form)))
    assert expected == rows, "if the change is meant, run `make goldens` and read the difference"


@pytest.mark.parametrize("name", samples.NAMES)
def test_every_sample_is_kept_as_it_came(name: str) -> None:
    """Every row returns the text exactly as it was delivered."""
    text = (samples.FOLDER / f"{name}.json").read_text("utf-8")

    assert [text] == list({unpack(entity) for entity in samples.record_entities(decode(text))})


@pytest.mark.parametrize("name", samples.NAMES)
def test_no_sample_drifts(name: str) -> None:
    """The models have every property that Event Grid documents."""
    drift = record_columns(decode(delivered(samples.event(name)))).get("Drift")

    assert drift is None, f"edit {samples.event_type(name).payload.__module__.replace('.', '/')}.py: {drift!s}"


def test_a_received_sms_is_filed_under_its_own_number_newest_first_and_under_its_message() -> None:
    """The keys and columns of an SMS are those of the design, written out by hand."""
    record = decode(delivered(samples.event("2020/SMSReceived")))
    newest, filed, _ = record_rows(record)
    newest_row, filed_row = newest.entity, filed.entity
    ticks = 637359856670000000

    assert (newest.table, filed.table) == ("SmsEvents", "SmsMessages")
    assert f"{3155378975999999999 - ticks:019}~{record.digest}" == newest_row["RowKey"]
    assert (
        f"Incoming_20200918002745d29ebbea-3341-4466-9690-0a03af35228e~{ticks:019}~{record.digest}"
        == filed_row["RowKey"]
    )
    assert {
        "PartitionKey": "+15555555555",
        "Kind": "sms.received",
        "Direction": "inbound",
        "Number": "+15555555555",
        "Peer": "+15555555555",
        "Body": "Great to connect with ACS events ",
        "EventTime": "2020-09-18T00:27:47.0000000Z",
        "OccurredAt": "2020-09-18T00:27:45.3200000Z",
        "RecordVersion": 2,
    }.items() <= newest_row.items()
    assert {**newest_row, "RowKey": ""} == {**filed_row, "RowKey": ""}


def test_a_delivery_report_is_filed_under_the_number_that_sent() -> None:
    """The resource's number is `from` in a report and `to` in a received SMS; the peer is the other one."""
    report = record_columns(decode(delivered(samples.event("2025/SMSDeliveryReportReceived"))))
    received = record_columns(decode(delivered(samples.event("2025/SMSReceived"))))

    assert (report["Number"], report["Peer"], report["Direction"]) == ("+15555550100", "+15555550123", "outbound")
    assert (received["Number"], received["Peer"], received["Direction"]) == ("+15555550100", "+15555550123", "inbound")


def test_a_number_is_one_partition_with_and_without_plus() -> None:
    """Seven to fifteen digits become E.164; short codes and alphanumeric senders are unchanged."""
    event = samples.event("2025/SMSReceived")
    owners = []
    for number in ("15555550100", "+15555550100", "72345", "CONTOSO"):
        event["data"]["to"] = number
        owners.append(owner_of(decode(delivered(event))))

    assert owners == ["+15555550100", "+15555550100", "72345", "CONTOSO"]


def test_both_generations_of_a_payload_have_the_same_columns() -> None:
    """The payloads of 2020 and 2021 of one message give the same columns."""
    event = samples.event(RECEIVED)
    new = {name: part for name, part in event["data"].items() if name not in {"senderId", "recipientId"}}
    old = {name: part for name, part in event["data"].items() if not name.endswith("CommunicationIdentifier")}
    columns = [record_columns(decode(delivered({**event, "data": data}))) for data in (event["data"], new, old)]
    for one in columns:
        del one["Raw"]

    assert columns[0] == columns[1] == columns[2]


def test_an_event_type_is_found_whatever_its_case() -> None:
    """The catalogue ignores case, like Event Grid's filters; the column has the vendor's spelling."""
    event = samples.event(RECEIVED)
    usual = decode(delivered(event))
    event["eventType"] = event["eventType"].upper()
    record = decode(delivered(event))

    assert (usual.type, usual.digest) == (record.type, record.digest)
    assert record_columns(usual)["EventType"] == record_columns(record)["EventType"]


def _without(*fields: str, **changes: Any) -> str:
    event = {**samples.event("2025/SMSReceived"), **changes}
    return json.dumps({name: part for name, part in event.items() if name not in fields})


@pytest.mark.parametrize(
    ("text", "reason", "path"),
    [
        ("", "not_json", "$"),
        ("SMS", "not_json", "$"),
        ('{"id": "1",}', "not_json", "$"),
        ("{} {}", "not_json", "$"),
        (b"\xff\xfe{\x00}\x00", "not_json", "$"),
        ("[" * 100_000 + "]" * 100_000, "not_json", "$"),
        (f"[{'9' * 5000}]", "not_json", "$"),
        ("null", "not_an_event", "$"),
        ('"text"', "not_an_event", "$"),
        ("7", "not_an_event", "$"),
        ("{}", "not_an_event", "$.id"),
        ("[]", "not_an_event", "$"),
        ("[{}, {}]", "not_an_event", "$"),
        ("[[{}]]", "not_an_event", "$"),
        (_without("id"), "not_an_event", "$.id"),
        (_without("eventType"), "not_an_event", "$.eventType"),
        (_without("eventType", specversion="1.0"), "not_an_event", "$.type"),
        (_without(eventType="Microsoft.Communication.ChatParticipantAddedToThread"), "unsupported_type", "$.eventType"),
        (_without(eventType="Microsoft.EventGrid.SubscriptionValidationEvent"), "unsupported_type", "$.eventType"),
        (_without("data"), "invalid_data", "$.data"),
        (_without(data=[]), "invalid_data", "$.data"),
        (_without(data={}), "missing_key", "$.data.to"),
        (_without(data={"to": 15555550100}), "invalid_data", "$.data.to"),
        (_without(data={"to": "15555550100"}), "missing_key", "$.data.messageId"),
        (_without("eventTime", data={"to": "1", "messageId": "1"}), "missing_key", "$.eventTime"),
        (_without(eventTime="soon", data={"to": "1", "messageId": "1"}), "invalid_data", "$.eventTime"),
    ],
)
def test_what_is_no_event_is_refused_with_reason_and_path(text: str | bytes, reason: str, path: str) -> None:
    """The error has the reason and JSON path for the dead letter."""
    error = outcome(text)

    assert isinstance(error, ContentError)
    assert (reason, path) == (error.reason, error.path)


@pytest.mark.parametrize(
    ("text", "event_id", "event_type"),
    [
        ("{}", None, None),
        ('{"id": 7, "eventType": "A"}', None, "A"),
        ('{"eventType": "A"}', None, "A"),
        ('{"id": "7"}', "7", None),
        ('{"id": "7", "specversion": "1.0", "type": 1}', "7", None),
        ('{"id": "7", "specversion": "1.0", "type": "A"}', "7", "A"),
        (_without(id="7", data={}), "7", "Microsoft.Communication.SMSReceived"),
        (_without(id="7", data={"to": ["[" * 9]}), "7", "Microsoft.Communication.SMSReceived"),
    ],
)
def test_a_refusal_names_the_event_where_it_is_known(text: str, event_id: str | None, event_type: str | None) -> None:
    """The error has the event's id and type, as far as they could be read, so that the dead letter can be found."""
    error = outcome(text)

    assert isinstance(error, ContentError)
    assert (event_id, event_type) == (error.event_id, error.event_type)


def test_a_record_names_itself_without_personal_data() -> None:
    """The repr of an event has no personal data, since it may be logged by accident."""
    record = decode(delivered(samples.event("2025/SMSReceived")))

    assert f"<Event sms.received {record.digest}>" == repr(record)
