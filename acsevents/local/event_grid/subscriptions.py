"""The event subscriptions, declared in one JSON file that the stand-in and the deployment both read.

The shape is that of Microsoft.EventGrid/systemTopics/eventSubscriptions:
https://learn.microsoft.com/azure/templates/microsoft.eventgrid/systemtopics/eventsubscriptions
`${...}` placeholders stand for resource ids known only when deploying; here only the function's name is read.

Why `infra/subscriptions.json` says what it says: 64 KB is what Event Grid bills as one operation, some 40 events
of ordinary size; at most 100 in a batch are written well within the 30 s to answer even one after another (about
15 ms each), and a batch that fails comes again as a whole. 30 attempts in 1,440 minutes are the service's maxima:
the record may be the only copy. What is left then goes to the dead-letter container by the topic's identity,
without account keys.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from acsevents.local.event_grid.events import Schema
from acsevents.local.event_grid.filters import MAX_FILTERS, MAX_STRING, MAX_VALUES, OPERATORS, is_of


class DeclarationError(ValueError):
    """A file of event subscriptions that Azure would refuse; names the subscription, the key and the cure."""


class _Declared(Struct, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Keys are spelled as Azure spells them; unknown ones are refused, since a misspelt one would do nothing."""


class FunctionProperties(_Declared):
    """The function that receives the events, and how many at once."""

    resource_id: Annotated[str, Meta(pattern=r"^\S+/functions/[A-Za-z][A-Za-z0-9_-]*$")]
    max_events_per_batch: Annotated[int, Meta(ge=1, le=5000)] = 1
    preferred_batch_size_in_kilobytes: Annotated[int, Meta(ge=1, le=1024)] = 64


class AzureFunction(_Declared):
    """A destination of endpoint type AzureFunction, the only one that is delivered to."""

    endpoint_type: Literal["AzureFunction"]
    properties: FunctionProperties


class AdvancedFilter(_Declared):
    """One comparison on an event's field."""

    operator_type: str
    key: Annotated[str, Meta(min_length=1)]
    value: Any = UNSET
    values: list[Any] | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Check the comparison against the operator's row in the table."""
        rule = OPERATORS.get(self.operator_type)
        if rule is None:
            raise ValueError(f"`operatorType` {self.operator_type!r} is unknown; use {', '.join(OPERATORS)}")
        for key in ("value", "values"):
            if (getattr(self, key) is not UNSET) != (key == rule.takes):
                takes = f"takes `{rule.takes}`" if rule.takes else "takes neither `value` nor `values`"
                raise ValueError(f"`{self.operator_type}` {takes}; correct `{key}`")
        if rule.takes and not (self.operands and all(is_of(rule.kind, operand) for operand in self.operands)):
            raise ValueError(f"`{rule.takes}` of `{self.operator_type}` must hold a {rule.kind}")
        if any(isinstance(operand, str) and len(operand) > MAX_STRING for operand in self.operands):
            raise ValueError(f"`values` may hold strings of at most {MAX_STRING} characters; shorten them")

    @property
    def operands(self) -> list[Any]:
        """What the event's value is compared with."""
        if self.values is not UNSET:
            return self.values
        return [] if self.value is UNSET else [self.value]


class Filter(_Declared):
    """Which events are delivered."""

    included_event_types: list[str] | None = None
    subject_begins_with: str | None = None
    subject_ends_with: str | None = None
    is_subject_case_sensitive: bool = False
    enable_advanced_filtering_on_arrays: bool = False
    advanced_filters: Annotated[list[AdvancedFilter], Meta(max_length=MAX_FILTERS)] = []

    def __post_init__(self) -> None:
        """Check the one limit that spans the filters."""
        if sum(len(advanced.operands) for advanced in self.advanced_filters) > MAX_VALUES:
            raise ValueError(f"`advancedFilters` hold more than {MAX_VALUES} values together; use fewer")


class RetryPolicy(_Declared):
    """When Event Grid gives an event up: whichever limit is reached first."""

    max_delivery_attempts: Annotated[int, Meta(ge=1, le=30)] = 30
    event_time_to_live_in_minutes: Annotated[int, Meta(ge=1, le=1440)] = 1440


class BlobProperties(_Declared):
    """The blob container for what could not be delivered."""

    resource_id: str
    blob_container_name: str


class StorageBlob(_Declared):
    """A dead-letter destination."""

    endpoint_type: Literal["StorageBlob"]
    properties: BlobProperties


class Identity(_Declared):
    """The topic's identity that writes dead letters."""

    type: Literal["SystemAssigned", "UserAssigned"]
    user_assigned_identity: str | None = None


class DeadLetterWithResourceIdentity(_Declared):
    """A dead-letter destination written to by the topic's identity."""

    identity: Identity
    dead_letter_destination: StorageBlob


class Properties(_Declared):
    """Everything of an event subscription but its name."""

    destination: AzureFunction
    filter: Filter = msgspec.field(default_factory=Filter)
    event_delivery_schema: Schema = Schema.EVENT_GRID
    retry_policy: RetryPolicy = msgspec.field(default_factory=RetryPolicy)
    dead_letter_destination: StorageBlob | None = None
    dead_letter_with_resource_identity: DeadLetterWithResourceIdentity | None = None

    def __post_init__(self) -> None:
        """Check that the dead-letter destination is said once."""
        if self.dead_letter_destination and self.dead_letter_with_resource_identity:
            raise ValueError("`deadLetterDestination` and `deadLetterWithResourceIdentity` exclude each other")


class EventSubscription(_Declared):
    """One event subscription."""

    name: Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{3,64}$")]
    properties: Properties

    @classmethod
    def of(cls, declared: object) -> Self:
        """Return the subscription that parsed JSON declares.

        Raises:
            DeclarationError: it is not one that Azure would take and the stand-in can deliver to.
        """
        try:
            return msgspec.convert(declared, cls)
        except msgspec.ValidationError as error:
            name = declared.get("name") if isinstance(declared, dict) else None
            raise DeclarationError(
                f"event subscription {name!r}: {error}; correct or remove that key (keys and limits: "
                "https://learn.microsoft.com/azure/templates/microsoft.eventgrid/systemtopics/eventsubscriptions)"
            ) from None

    @property
    def function_name(self) -> str:
        """Name of the function that receives the events."""
        return self.properties.destination.properties.resource_id.rpartition("/")[2]

    @property
    def dead_letters(self) -> bool:
        """Whether undeliverable events are kept; else they are dropped."""
        declared = self.properties
        return bool(declared.dead_letter_destination or declared.dead_letter_with_resource_identity)


def load(path: Path) -> list[EventSubscription]:
    """Return the event subscriptions that a file declares.

    Raises:
        DeclarationError: the file cannot be read, or holds anything but an array of valid declarations.
    """
    try:
        declared = msgspec.json.decode(path.read_bytes(), type=list[Any])
    except OSError as error:
        raise DeclarationError(f"{path}: {error.strerror}; name an existing file") from None
    except msgspec.DecodeError as error:
        raise DeclarationError(f"{path}: {error}; it must hold a JSON array of event subscriptions") from None
    try:
        subscriptions = [EventSubscription.of(one) for one in declared]
    except DeclarationError as error:
        raise DeclarationError(f"{path}: {error}") from None
    names = [one.name.upper() for one in subscriptions]  # deliveries and dead letters carry them in upper case
    for name in names:
        if names.count(name) > 1:
            raise DeclarationError(f"{path}: event subscription {name!r} is declared twice; rename one")
    return subscriptions
