"""The shape of the catalogue: the vendor's list, the models, the samples and the tables agree with it."""

import re

import msgspec
import pytest
from azure.eventgrid import SystemEventNames

from shared import catalogue
from shared.decoder import decode
from shared.events.event import Kind
from shared.events.facts import Facts
from shared.rows import columns
from shared.rows.records import record_rows
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
    """Its model says which field feeds which fact, names the time of the thing itself, and the facts of the keys."""
    fields = {field.name for field in msgspec.structs.fields(event_type.payload)}
    facts = {field.name for field in msgspec.structs.fields(Facts)}
    feeds = event_type.payload.feeds

    assert feeds.keys() <= fields
    assert {fact for field in fields for fact in feeds.get(field, (field,))} <= facts
    assert [fact for fact in ("occurred_at", *event_type.key_facts) if not event_type.payload.sources(fact)] == []


@pytest.mark.parametrize("name", samples.NAMES)
def test_every_row_goes_to_a_known_table_in_known_columns(name: str) -> None:
    """SMS to two tables, chat to one each, and all to the time line."""
    event_type = catalogue.EVENT_TYPES[samples.event(name)["eventType"]]
    rows = record_rows(decode(delivered(samples.event(name))))
    expected = {
        catalogue.SMS: ["SmsEvents", "SmsMessages", "Timeline"],
        catalogue.CHAT_USER: ["ChatUserEvents", "Timeline"],
        catalogue.CHAT_THREAD: ["ChatThreadEvents", "Timeline"],
    }

    assert [row.table for row in rows] == expected[event_type.family]
    assert {name for row in rows for name in row.entity} <= columns.COLUMNS.keys()


def test_tables_and_functions_are_those_of_the_design() -> None:
    """Their names are in subscriptions, queries and roles: they do not change."""
    assert catalogue.TABLES == (
        *("SmsEvents", "SmsMessages", "ChatUserEvents", "ChatThreadEvents"),
        *("Timeline", "DeadLetters"),
    )
    assert [family.function for family in catalogue.FAMILIES] == [
        "sms_events",
        "chat_user_events",
        "chat_thread_events",
    ]
    assert [family.owner for family in catalogue.FAMILIES] == ["number", "recipient_id", "thread_id"]
    assert set(Kind) == {event_type.kind for event_type in catalogue.EVENT_TYPES.values()}


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
