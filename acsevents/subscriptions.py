"""The event subscriptions: declared in `infra/subscriptions.json`, with event types from the catalogue.

The local Event Grid uses them, and Bicep deploys them from the output of `acsevents.deployment`. A subscription
receives the types of its function's family. With `newTypesBeginningWith` it receives instead every type that has one
of these prefixes and is not in the catalogue.

Reasons for the values in the file: Event Grid bills up to 64 KB as one operation, which is about 40 events of usual
size. 100 events, the most in a batch, can be written within the 30 s to respond, even one by one. 30 attempts in 1,440
minutes are the service's maxima, chosen because the record may be the only copy. After that, events go to the
dead-letter container.

https://learn.microsoft.com/azure/templates/microsoft.eventgrid/systemtopics/eventsubscriptions
"""

from collections import Counter
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta, Struct

from shared.catalogue import EVENT_TYPES, FAMILIES
from shared.errors import SettingsError
from shared.events.envelope import Schema

SUBSCRIPTIONS = Path(__file__).parents[1] / "infra" / "subscriptions.json"
MAX_VALUES = 25  # in all advanced filters of one event subscription together


class DeliveryPolicy(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """How events are delivered; keys and limits are those of Azure.

    Attributes:
        dead_letter_container: the blob container for undeliverable events; without one they are dropped.
    """

    event_delivery_schema: Schema = "EventGridSchema"
    max_events_per_batch: Annotated[int, Meta(ge=1, le=5000)] = 1
    preferred_batch_size_in_kilobytes: Annotated[int, Meta(ge=1, le=1024)] = 64
    max_delivery_attempts: Annotated[int, Meta(ge=1, le=30)] = 30
    event_time_to_live_in_minutes: Annotated[int, Meta(ge=1, le=1440)] = 1440
    dead_letter_container: str | None = None


class AdvancedFilter(Struct, frozen=True, rename="camel"):
    """A filter on the event type: one of the values must match or, with `StringNotIn`, none."""

    operator_type: Literal["StringBeginsWith", "StringNotIn"]
    key: Literal["EventType", "Type"]
    values: tuple[str, ...]


class EventSubscription(Struct, frozen=True, kw_only=True):
    """One event subscription with its filters.

    Attributes:
        name: unique, ignoring case.
        function: name of the function that receives the events.
        policy: how events are delivered.
        event_types: the event types to deliver; if empty, all of them.
        advanced_filters: further filters on the event type.
        subject_begins_with: prefix of the subjects to deliver, ignoring case.
        subject_ends_with: suffix of the subjects to deliver, ignoring case.
    """

    name: str
    function: str
    policy: DeliveryPolicy
    event_types: tuple[str, ...] = ()
    advanced_filters: tuple[AdvancedFilter, ...] = ()
    subject_begins_with: str = ""
    subject_ends_with: str = ""


class _Declared(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{3,64}$")]
    function: Literal[*(family.function for family in FAMILIES)]  # type: ignore[valid-type]  # known at run time
    new_types_beginning_with: Annotated[tuple[str, ...], Meta(min_length=1)] | None = None
    subject_begins_with: str = ""
    subject_ends_with: str = ""


class _File(Struct, forbid_unknown_fields=True):
    delivery: DeliveryPolicy
    subscriptions: list[_Declared]


def load(path: Path = SUBSCRIPTIONS) -> list[EventSubscription]:
    """Return the event subscriptions in the order in which they must be deployed.

    Raises:
        SettingsError: the file cannot be read, or Azure would refuse it; the message says what to correct.
    """
    try:
        file = msgspec.json.decode(path.read_bytes(), type=_File)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; restore the file") from None
    except msgspec.DecodeError as error:
        raise SettingsError(f"{path}: {error}; correct or remove that key") from None
    subscriptions = [one for declared in file.subscriptions for one in _expanded(declared, file.delivery)]
    # Delivery headers and dead-letter folders have the name in upper case.
    for name, count in Counter(one.name.upper() for one in subscriptions).items():
        if count > 1:
            raise SettingsError(f"{path}: event subscription {name!r} is declared twice; rename one")
    return subscriptions


def _expanded(declared: _Declared, policy: DeliveryPolicy) -> list[EventSubscription]:
    common: dict[str, Any] = {
        "function": declared.function,
        "policy": policy,
        "subject_begins_with": declared.subject_begins_with,
        "subject_ends_with": declared.subject_ends_with,
    }
    prefixes = declared.new_types_beginning_with
    if prefixes is None:
        types = tuple(name for name, row in EVENT_TYPES.items() if row.family.function == declared.function)
        return [EventSubscription(name=declared.name, event_types=types, **common)]
    groups = {declared.name: prefixes}
    if len(prefixes) + len(_known(prefixes)) > MAX_VALUES:
        groups = {f"{declared.name}-{prefix.rpartition('.')[2].lower()}": (prefix,) for prefix in prefixes}
    return [
        EventSubscription(name=name, advanced_filters=_new_types(group, policy.event_delivery_schema), **common)
        for name, group in groups.items()
    ]


def _new_types(prefixes: tuple[str, ...], schema: Schema) -> tuple[AdvancedFilter, ...]:
    key: Literal["EventType", "Type"] = "EventType" if schema == "EventGridSchema" else "Type"
    known = _known(prefixes)
    if len(prefixes) + len(known) > MAX_VALUES:
        raise SettingsError(
            f"the catalogue has {len(known)} event types that begin with {' or '.join(prefixes)}, and an event "
            f"subscription takes {MAX_VALUES} filter values: split them by longer prefixes in `newTypesBeginningWith`"
        )
    return AdvancedFilter("StringBeginsWith", key, prefixes), AdvancedFilter("StringNotIn", key, known)


def _known(prefixes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in EVENT_TYPES if name.startswith(prefixes))
