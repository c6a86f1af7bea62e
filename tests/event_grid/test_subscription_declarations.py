"""The file of event subscriptions is read as Azure would read it, and errors say what to change."""

import json
from pathlib import Path
from typing import Any

import pytest
from azure.eventgrid import SystemEventNames

from acsevents.local.event_grid import DeclarationError, load

SHIPPED = Path(__file__).parents[2] / "infra" / "subscriptions.json"


def test_the_shipped_file_subscribes_the_three_functions() -> None:
    """Three functions, dead-lettering, the longest retry policy, batches; 22 event types, none of them twice."""
    declared = load(SHIPPED)

    assert {one.name: one.function_name for one in declared} == {
        "sms-events": "sms_events",
        "chat-user-events": "chat_user_events",
        "chat-thread-events": "chat_thread_events",
    }
    for one in declared:
        assert one.dead_letters
        assert one.properties.retry_policy.max_delivery_attempts == 30
        assert one.properties.retry_policy.event_time_to_live_in_minutes == 1440
        assert one.properties.destination.properties.max_events_per_batch == 100
    types = [name for one in declared for name in one.properties.filter.included_event_types or []]
    assert len(types) == len(set(types)) == 22


def test_the_shipped_file_names_every_sms_and_chat_event_type() -> None:
    """No event type of the vendor's list is forgotten, none is misspelt."""
    prefixes = ("Microsoft.Communication.SMS", "Microsoft.Communication.Chat")
    known = {str(name.value) for name in SystemEventNames if name.value.startswith(prefixes)}

    assert {name for one in load(SHIPPED) for name in one.properties.filter.included_event_types or []} == known


def _declared(path: str, value: Any) -> list[Any]:
    """Return the shipped declarations with one value of the first changed or added."""
    declared: list[Any] = json.loads(SHIPPED.read_text())
    place = declared[0]
    *steps, last = path.split(".")
    for step in steps:
        place = place[step]
    place[last] = value
    return declared


def _filter(**rule: Any) -> list[Any]:
    return _declared("properties.filter.advancedFilters", [{"key": "data.x", **rule}])


@pytest.mark.parametrize(
    ("declared", "key"),
    [
        (_declared("propertys", {}), "propertys"),
        (_declared("properties.filters", {}), "filters"),
        (_declared("properties.destination.endpointType", "WebHook"), "endpointType"),
        (_declared("properties.destination.properties.resourceId", "${app}"), "resourceId"),
        (_declared("properties.destination.properties.maxEventsPerBatch", 5001), "maxEventsPerBatch"),
        (_declared("properties.destination.properties.maxEventsPerBatch", "5"), "maxEventsPerBatch"),
        (_declared("properties.destination.properties.preferredBatchSizeInKilobytes", 0), "preferredBatch"),
        (_declared("properties.retryPolicy.maxDeliveryAttempts", 31), "maxDeliveryAttempts"),
        (_declared("properties.retryPolicy.eventTimeToLiveInMinutes", 0), "eventTimeToLiveInMinutes"),
        (_declared("properties.eventDeliverySchema", "CustomInputSchema"), "eventDeliverySchema"),
        (_declared("properties.filter.includedEventTypes", "All"), "includedEventTypes"),
        (_filter(operatorType="NumberLess", value=1), "operatorType"),
        (_filter(operatorType="NumberIn", value=1), "value"),
        (_filter(operatorType="NumberLessThan", values=[1]), "value"),
        (_filter(operatorType="NumberIn", values=[]), "values"),
        (_filter(operatorType="NumberIn", values=[True]), "values"),
        (_filter(operatorType="NumberInRange", values=[[1]]), "values"),
        (_filter(operatorType="BoolEquals", value="true"), "value"),
        (_filter(operatorType="StringIn", values=[1]), "values"),
        (_filter(operatorType="StringIn", values=["x" * 513]), "512"),
        (_filter(operatorType="IsNotNull", values=["x"]), "values"),
        (_filter(operatorType="StringIn", values=["x"] * 26), "advancedFilters"),
        (
            _declared("properties.filter.advancedFilters", [{"operatorType": "IsNotNull", "key": "data.x"}] * 26),
            "advancedFilters",
        ),
        (
            _declared(
                "properties.deadLetterDestination",
                {"endpointType": "StorageBlob", "properties": {"resourceId": "s", "blobContainerName": "c"}},
            ),
            "deadLetterDestination",
        ),
    ],
)
def test_a_wrong_declaration_names_the_subscription_and_the_key(tmp_path: Path, declared: Any, key: str) -> None:
    """Whatever Azure would refuse or ignore is an error with the subscription's name, the key, and the cure."""
    path = tmp_path / "subscriptions.json"
    path.write_text(json.dumps(declared))

    with pytest.raises(DeclarationError) as raised:
        load(path)

    message = str(raised.value)
    assert "'sms-events'" in message
    assert key in message
    assert "correct or remove that key" in message


@pytest.mark.parametrize("limit", [25])
def test_declarations_at_the_limits_are_taken(tmp_path: Path, limit: int) -> None:
    """25 values of 512 characters are allowed."""
    path = tmp_path / "subscriptions.json"
    path.write_text(json.dumps(_filter(operatorType="StringIn", values=["x" * 512] * limit)))

    assert len(load(path)) == 3


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{}", "JSON array"),
        ("[", "JSON array"),
        ("[1]", "Expected `object`"),
        ('[{"name": "a b", "properties": {}}]', "a b"),
        ("", "JSON array"),
    ],
)
def test_a_file_of_something_else_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    """A file that is no array of declarations is named, with what it must hold."""
    path = tmp_path / "subscriptions.json"
    path.write_text(text)

    with pytest.raises(DeclarationError, match=problem) as raised:
        load(path)

    assert str(path) in str(raised.value)


def test_a_missing_file_and_a_name_used_twice_are_refused(tmp_path: Path) -> None:
    """Names are unique without regard to case, as the delivery headers and dead-letter folders show them."""
    path = tmp_path / "subscriptions.json"
    with pytest.raises(DeclarationError, match="name an existing file"):
        load(path)

    path.write_text(json.dumps(_declared("name", "CHAT-user-events")))
    with pytest.raises(DeclarationError, match="declared twice; rename one"):
        load(path)
