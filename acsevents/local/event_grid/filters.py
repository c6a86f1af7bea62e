"""Filters of a subscription: event types, subjects, and advanced filters on event types.

https://learn.microsoft.com/azure/event-grid/event-filtering
"""

from acsevents.local.event_grid.events import Event
from acsevents.subscriptions import AdvancedFilter, EventSubscription


def wants(subscription: EventSubscription, event: Event) -> bool:
    """Return whether an event passes all filters; only the list of event types is case-sensitive."""
    subject = event.subject.casefold()
    return (
        (not subscription.event_types or event.type in subscription.event_types)
        and subject.startswith(subscription.subject_begins_with.casefold())
        and subject.endswith(subscription.subject_ends_with.casefold())
        and all(_passes(advanced, event.type.casefold()) for advanced in subscription.advanced_filters)
    )


def _passes(advanced: AdvancedFilter, event_type: str) -> bool:
    values = tuple(value.casefold() for value in advanced.values)
    if advanced.operator_type == "StringBeginsWith":
        return event_type.startswith(values)
    return event_type not in values
