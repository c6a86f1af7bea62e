"""Write the event subscriptions for Bicep: `python -m acsevents.deployment` writes infra/event-filters.json.

infra/subscriptions.json takes the event types from the catalogue, which Bicep cannot read. So this file lists the
subscriptions' names, functions and filters, and a deployment needs none of this project's Python.
"""

import json
from typing import Any, Final

import msgspec

from acsevents.subscriptions import SUBSCRIPTIONS, EventSubscription, load

FILTERS: Final = SUBSCRIPTIONS.with_name("event-filters.json")


def filters() -> str:
    """Return the content of the file."""
    subscriptions = [{"name": one.name, "function": one.function, "filter": _filter(one)} for one in load()]
    return json.dumps(subscriptions, indent=2) + "\n"


def _filter(subscription: EventSubscription) -> dict[str, Any]:
    parts = {
        "includedEventTypes": subscription.event_types,
        "advancedFilters": subscription.advanced_filters,
        "subjectBeginsWith": subscription.subject_begins_with,
        "subjectEndsWith": subscription.subject_ends_with,
    }
    return {key: msgspec.to_builtins(part) for key, part in parts.items() if part}


if __name__ == "__main__":
    FILTERS.write_text(filters(), encoding="utf-8")
