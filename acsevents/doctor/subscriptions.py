"""Compare the declared event subscriptions with the catalogue of event types."""

from collections.abc import Iterator, Sequence

from acsevents.deployment import FILTERS, filters
from acsevents.doctor.finding import Finding, ok, wrong
from acsevents.subscriptions import EventSubscription
from shared.catalogue import EVENT_TYPES


def examine_declaration(declared: Sequence[EventSubscription]) -> Iterator[Finding]:
    """Check that every event type, known or new, has one subscription, and that azd deploys what is declared."""
    check = "infra/subscriptions.json"
    taken = [name for one in declared for name in one.event_types]
    missing = [name for name in EVENT_TYPES if name not in taken]
    twice = sorted({name for name in taken if taken.count(name) > 1})
    cure = "declare one subscription for each function, and `newTypesBeginningWith` for new types"
    if missing:
        yield wrong(check, f"no subscription takes {', '.join(missing)}", cure)
    if twice:
        yield wrong(check, f"more than one subscription takes {', '.join(twice)}", cure)
    if not any(one.advanced_filters for one in declared):
        yield wrong(check, "new event types are dropped", cure)
    if not missing and not twice:
        yield ok(check, f"{len(EVENT_TYPES)} event types, each in one subscription")
    if FILTERS.read_text(encoding="utf-8") != filters():
        yield wrong(
            "infra/event-filters.json",
            "differs from infra/subscriptions.json and the catalogue",
            "run `.venv/bin/python -m acsevents.deployment`, then `azd hooks run postdeploy`",
        )
