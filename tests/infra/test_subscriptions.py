"""Which event subscriptions there are, and which event types each of them gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from acsevents import subscriptions
from acsevents.local.event_grid.events import Event
from acsevents.local.event_grid.filters import wants
from acsevents.subscriptions import MAX_VALUES, SUBSCRIPTIONS, EventSubscription, load
from shared.catalogue import EVENT_TYPES, FAMILIES
from shared.errors import SettingsError

COMMUNICATION = "Microsoft.Communication."


def published(event_type: str, subject: str = "") -> Event:
    """Make an event of a type."""
    return Event("EventGridSchema", id="1", type=event_type, subject=subject, text=b"{}", version="1")


def takers(event_type: str, declared: list[EventSubscription]) -> list[str]:
    """Name the functions that get an event of a type."""
    return [one.function for one in declared if wants(one, published(event_type))]


def values(one: EventSubscription) -> int:
    """Count what Event Grid counts against its limit."""
    return sum(len(advanced.values) for advanced in one.advanced_filters)


def changed(tmp_path: Path, **keys: Any) -> Path:
    """Write the shipped declarations with keys of the first subscription, or of how they are delivered, changed."""
    declared = json.loads(SUBSCRIPTIONS.read_text())
    for key, value in keys.items():
        (declared["delivery"] if key in declared["delivery"] else declared["subscriptions"][0])[key] = value
    path = tmp_path / "subscriptions.json"
    path.write_text(json.dumps(declared))
    return path


@pytest.mark.promise("Tolerant")
def test_every_type_of_the_catalogue_goes_to_its_function_alone() -> None:
    """Exactly one delivery of each type, to the function of its family; so a new row in the catalogue is subscribed."""
    assert {name: [row.family.function] for name, row in EVENT_TYPES.items()} == {
        name: takers(name, load()) for name in EVENT_TYPES
    }


@pytest.mark.promise("Tolerant")
@pytest.mark.parametrize("event_type", ["SMSRead", "ChatReactionAdded", "chatReactionAdded", "ChatMessageReceived2"])
def test_a_type_that_nobody_knows_goes_to_one_function(event_type: str) -> None:
    """What Microsoft adds reaches the app, which makes it a dead letter."""
    assert takers(COMMUNICATION + event_type, load()) == ["chat_thread_events"]


@pytest.mark.parametrize("event_type", ["CallStarted", "EmailDeliveryReportReceived", "RouterJobReceived"])
def test_types_of_other_services_are_not_subscribed(event_type: str) -> None:
    """They are of no interest here."""
    assert takers(COMMUNICATION + event_type, load()) == []


def test_the_shipped_declarations_keep_what_they_can() -> None:
    """Dead letters, the longest retry policy and batches for all; new types last: one excluded early is lost."""
    declared = load()

    assert [one.name for one in declared] == ["sms-events", "chat-user-events", "chat-thread-events", "new-types"]
    assert {family.function for family in FAMILIES} == {one.function for one in declared}
    for one in declared:
        assert one.policy.dead_letter_container
        assert (one.policy.max_delivery_attempts, one.policy.event_time_to_live_in_minutes) == (30, 1440)
        assert one.policy.max_events_per_batch == 100
        assert values(one) <= MAX_VALUES


@pytest.mark.parametrize(("more", "names"), [(1, ["new-types"]), (2, ["new-types-sms", "new-types-chat"])])
def test_beyond_25_values_new_types_are_split(more: int, names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Event Grid takes 25 values for one event subscription; the parts together let in the same types."""
    row = EVENT_TYPES[COMMUNICATION + "ChatMessageReceived"]
    room = MAX_VALUES - 2 - len(EVENT_TYPES)
    added = {f"{COMMUNICATION}ChatAdded{number}": row for number in range(room - 1 + more)}
    monkeypatch.setattr(subscriptions, "EVENT_TYPES", EVENT_TYPES | added)
    declared = load()

    assert [one.name for one in declared][3:] == names
    assert all(values(one) <= MAX_VALUES for one in declared)
    assert {len(takers(name, declared)) for name in (*EVENT_TYPES, *added)} == {1}
    assert {len(takers(COMMUNICATION + name, declared)) for name in ("SMSRead", "ChatReactionAdded")} == {1}


def test_more_types_than_can_be_excluded_name_the_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """25 chat types do not fit beside their prefix."""
    row = EVENT_TYPES[COMMUNICATION + "ChatMessageReceived"]
    added = {f"{COMMUNICATION}ChatAdded{number}": row for number in range(25)}
    monkeypatch.setattr(subscriptions, "EVENT_TYPES", EVENT_TYPES | added)

    with pytest.raises(SettingsError, match="split them by longer prefixes in `newTypesBeginningWith`"):
        load()


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ({"functoin": "sms_events"}, "functoin"),
        ({"function": "sms"}, "Invalid enum value 'sms'"),
        ({"name": "a b"}, "name"),
        ({"name": "CHAT-user-events"}, "declared twice; rename one"),
        ({"newTypesBeginningWith": []}, "newTypesBeginningWith"),
        ({"maxEventsPerBatch": 5001}, "maxEventsPerBatch"),
        ({"preferredBatchSizeInKilobytes": 0}, "preferredBatchSizeInKilobytes"),
        ({"maxDeliveryAttempts": 31}, "maxDeliveryAttempts"),
        ({"eventTimeToLiveInMinutes": 1441}, "eventTimeToLiveInMinutes"),
        ({"eventDeliverySchema": "CustomInputSchema"}, "eventDeliverySchema"),
    ],
)
def test_what_azure_would_refuse_names_the_file_and_the_key(tmp_path: Path, keys: dict[str, Any], problem: str) -> None:
    """A misspelt key would do nothing, a wrong value would fail the deployment."""
    path = changed(tmp_path, **keys)

    with pytest.raises(SettingsError, match=problem) as raised:
        load(path)
    assert str(path) in str(raised.value)


@pytest.mark.parametrize("text", ["", "[]", "{}"])
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str) -> None:
    """It is named, and so is a missing one."""
    path = tmp_path / "subscriptions.json"
    with pytest.raises(SettingsError, match="restore the file"):
        load(path)
    path.write_text(text)
    with pytest.raises(SettingsError, match="correct or remove that key"):
        load(path)
