"""The shape of the catalogue: it agrees with the vendor's list, the models, the samples and the tables.

Whoever adds an event type meets these tests first. CONTRIBUTING.md has the steps, and each failure names the next one.
"""

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
    """And no other; a new name in the SDK fails this test until the catalogue has a row for it."""
    vendors = {
        name.value
        for name in SystemEventNames
        if re.match(r"Microsoft\.Communication\.(SMS|Chat)", name.value) is not None
    }

    known = set(catalogue.EVENT_TYPES)

    assert vendors - known == set(), "add a row to shared/catalogue.py for each of them"
    assert known - vendors == set(), "correct these names in shared/catalogue.py, or install a newer azure-eventgrid"


@pytest.mark.parametrize("event_type", catalogue.EVENT_TYPES)
def test_every_type_has_a_sample(event_type: str) -> None:
    """A sample is in the folder of its generation, under the name of its type."""
    file = f"{event_type.removeprefix(samples.PREFIX)}.json"

    assert list(samples.FOLDER.glob(f"*/{file}")), f"add samples/<generation>/{file} with an event of this type"


@pytest.mark.parametrize("name", samples.NAMES)
def test_every_sample_is_of_the_type_that_it_is_named_after(name: str) -> None:
    """And has a golden."""
    assert samples.event(name)["eventType"] == samples.event_type(name).name, f"edit samples/{name}.json, or rename it"
    assert samples.golden(name)


def test_every_golden_has_a_sample() -> None:
    """No golden is left over from a deleted sample."""
    goldens = set(samples.FOLDER.glob("*/rows/*.json"))

    assert goldens == {samples.golden_path(name) for name in samples.NAMES}, "run `make goldens`"


@pytest.mark.parametrize("event_type", catalogue.EVENT_TYPES.values(), ids=lambda event_type: event_type.name)
def test_every_type_has_all_that_its_row_promises(event_type: catalogue.EventType) -> None:
    """Its model declares which facts its fields feed, and feeds `occurred_at` and the facts of the keys."""
    model = event_type.payload
    where = f"{model.__module__.replace('.', '/')}.py: {model.__name__}"
    fields = {field.name for field in msgspec.structs.fields(model)}
    facts = {field.name for field in msgspec.structs.fields(Facts)}
    fed = {fact for field in fields for fact in model.feeds.get(field, (field,))}

    assert model.feeds.keys() - fields == set(), f"edit {where}.feeds: it names fields that the model does not have"
    assert fed - facts == set(), (
        f"add these facts to shared/events/facts.py, or say in {where}.feeds what the fields feed"
    )
    assert {"occurred_at", *event_type.key_facts} - fed == set(), f"edit {where}: no field feeds these facts"


@pytest.mark.parametrize("name", samples.NAMES)
def test_every_row_goes_to_a_known_table_in_known_columns(name: str) -> None:
    """SMS events go to two tables and chat events to one, and all of them to `Timeline`."""
    event_type = samples.event_type(name)
    rows = record_rows(decode(delivered(samples.event(name))))
    expected = {
        catalogue.SMS: ["SmsEvents", "SmsMessages", "Timeline"],
        catalogue.CHAT_USER: ["ChatUserEvents", "Timeline"],
        catalogue.CHAT_THREAD: ["ChatThreadEvents", "Timeline"],
    }

    assert [row.table for row in rows] == expected[event_type.family]
    assert {name for row in rows for name in row.entity} <= columns.COLUMNS.keys()


def test_tables_and_functions_are_those_of_the_design() -> None:
    """Their names are part of subscriptions, queries and role assignments, so they must not change."""
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
    used = {event_type.kind for event_type in catalogue.EVENT_TYPES.values()}
    assert set(Kind) == used, "delete the unused kind from shared/events/event.py, or use it in shared/catalogue.py"


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
    """The vendor's names contain the level."""
    tables = {row.family.table for row in catalogue.EVENT_TYPES.values() if name in row.name}

    assert tables == {family}, f"edit shared/catalogue.py: types with {name} in their name belong to one family"
