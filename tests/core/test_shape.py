"""The shape of the catalogue: the vendor's list, the models, the samples and the tables agree with it."""

import re

import msgspec
import pytest
from azure.eventgrid import SystemEventNames

from shared import catalogue
from shared.decoder import decode
from shared.rows import columns
from tests import samples
from tests.core.strategies import delivered


def test_the_catalogue_has_every_sms_and_chat_event_of_the_vendors_list() -> None:
    """And no other: a new name in the SDK makes this test ask for a row."""
    vendors = {
        name.value
        for name in SystemEventNames
        if re.match(r"Microsoft\.Communication\.(SMS|Chat)", name.value) is not None
    }

    assert set(catalogue.EVENT_TYPES) == vendors
    assert len(vendors) == 22


def test_every_type_has_a_sample_and_every_sample_a_type() -> None:
    """In the folder of the generation that it is of, under the name of its type, with its golden beside it."""
    assert {name.partition("/")[2] for name in samples.NAMES} == {
        name.removeprefix("Microsoft.Communication.") for name in catalogue.EVENT_TYPES
    }
    for name in samples.NAMES:
        assert samples.event(name)["eventType"] == f"Microsoft.Communication.{name.partition('/')[2]}"
    assert set(samples.FOLDER.glob("*/rows/*.json")) == {samples.golden_path(name) for name in samples.NAMES}


@pytest.mark.parametrize("event_type", catalogue.EVENT_TYPES.values(), ids=lambda event_type: event_type.name)
def test_every_type_has_all_that_its_row_promises(event_type: catalogue.EventType) -> None:
    """Its model names its time and the sources of its keys, and gives known columns only."""
    names = {field.encode_name for field in msgspec.structs.fields(event_type.payload)}
    needed = [event_type.family.owner, *(["MessageId"] if event_type.family.message_table else [])]
    given = event_type.payload().columns()

    assert event_type.payload.occurred in names
    assert [column for column in needed if not set(event_type.payload.sources[column]) <= names] == []
    assert given.keys() <= columns.COLUMNS.keys()
    assert {"OccurredAt", *needed} <= given.keys()
    assert "EventTime" not in given


@pytest.mark.parametrize("name", samples.NAMES)
def test_every_row_goes_to_a_known_table_in_known_columns(name: str) -> None:
    """SMS to two tables, chat to one each."""
    event_type = catalogue.EVENT_TYPES[samples.event(name)["eventType"]]
    rows = list(decode(delivered(samples.event(name))).entities())
    expected = {
        catalogue.SMS: ["SmsEvents", "SmsMessages"],
        catalogue.CHAT_USER: ["ChatUserEvents"],
        catalogue.CHAT_THREAD: ["ChatThreadEvents"],
    }

    assert [table for table, _ in rows] == expected[event_type.family]
    assert {name for _, row in rows for name in row} <= columns.COLUMNS.keys()


def test_tables_and_functions_are_those_of_the_design() -> None:
    """Their names are in subscriptions, queries and roles: they do not change."""
    assert catalogue.TABLES == ("SmsEvents", "SmsMessages", "ChatUserEvents", "ChatThreadEvents", "DeadLetters")
    assert [family.function for family in catalogue.FAMILIES] == [
        "sms_events",
        "chat_user_events",
        "chat_thread_events",
    ]
    assert [family.owner for family in catalogue.FAMILIES] == ["Number", "RecipientId", "ThreadId"]
    assert set(catalogue.Kind) == {event_type.kind for event_type in catalogue.EVENT_TYPES.values()}


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("SMSReceived", "SmsEvents"),
        ("InThread", "ChatThreadEvents"),
        ("WithUser", "ChatUserEvents"),
        ("PerUser", "ChatUserEvents"),
    ],
)
def test_the_family_of_a_type_is_that_of_its_name(name: str, family: str) -> None:
    """The vendor's names tell the level."""
    assert {row.family.table for row in catalogue.EVENT_TYPES.values() if name in row.name} == {family}
