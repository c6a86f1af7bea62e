"""Which events a subscription wants: event types, subject, and the advanced filters as a table of operators.

https://learn.microsoft.com/azure/event-grid/event-filtering
"""

import operator
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from acsevents.local.event_grid.subscriptions import AdvancedFilter, Filter

MAX_FILTERS = MAX_VALUES = 25  # per event subscription, values counted across its filters
MAX_STRING = 512

Test = Callable[[Any, Any], bool]


class Operator(NamedTuple):
    """What an advanced filter operator takes and means.

    Attributes:
        takes: the declaration's key that holds what is compared with, None if nothing is.
        kind: type of what is compared with, in words for messages.
        holds: compares the event's value with one declared value.
        negated: the filter passes when no comparison holds.
        when_absent: the answer if the event has no such value, or null.
    """

    takes: Literal["value", "values"] | None
    kind: str
    holds: Test
    negated: bool = False
    when_absent: bool = False


def _within(value: float, limits: list[float]) -> bool:
    return limits[0] <= value <= limits[1]


def _folded(test: Test) -> Test:
    return lambda value, declared: test(value.casefold(), declared.casefold())


# when_absent is documented for all but NumberNotInRange, which is taken to be like NumberNotIn.
OPERATORS = {
    "NumberIn": Operator("values", "number", operator.eq),
    "NumberNotIn": Operator("values", "number", operator.eq, negated=True, when_absent=True),
    "NumberLessThan": Operator("value", "number", operator.lt),
    "NumberGreaterThan": Operator("value", "number", operator.gt),
    "NumberLessThanOrEquals": Operator("value", "number", operator.le),
    "NumberGreaterThanOrEquals": Operator("value", "number", operator.ge),
    "NumberInRange": Operator("values", "range", _within),
    "NumberNotInRange": Operator("values", "range", _within, negated=True, when_absent=True),
    "BoolEquals": Operator("value", "boolean", operator.eq),
    "StringIn": Operator("values", "string", _folded(operator.eq)),
    "StringNotIn": Operator("values", "string", _folded(operator.eq), negated=True, when_absent=True),
    "StringBeginsWith": Operator("values", "string", _folded(str.startswith)),
    "StringNotBeginsWith": Operator("values", "string", _folded(str.startswith), negated=True),
    "StringEndsWith": Operator("values", "string", _folded(str.endswith)),
    "StringNotEndsWith": Operator("values", "string", _folded(str.endswith), negated=True),
    "StringContains": Operator("values", "string", _folded(operator.contains)),
    "StringNotContains": Operator("values", "string", _folded(operator.contains), negated=True),
    "IsNullOrUndefined": Operator(None, "nothing", operator.eq, when_absent=True),
    "IsNotNull": Operator(None, "nothing", operator.eq, negated=True),
}


def is_of(kind: str, value: object) -> bool:
    """Tell whether a JSON value is a `number`, `range`, `boolean` or `string`; no value is `nothing`."""
    match kind:
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "range":
            return isinstance(value, list) and len(value) == 2 and all(is_of("number", end) for end in value)  # noqa: PLR2004  # two ends
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
    return False


# Each name reads events of both schemas, since the local topic takes both.
_ENVELOPE = {
    "id": ("id",),
    "topic": ("topic", "source"),
    "source": ("topic", "source"),
    "subject": ("subject",),
    "eventtype": ("eventType", "type"),
    "type": ("eventType", "type"),
    "dataversion": ("dataVersion",),
    "data": ("data",),
}


def lookup(key: str, fields: Mapping[str, Any]) -> object:
    """Return the event's value under a filter key such as `Subject` or `data.x.y`, None if absent or null.

    Envelope names are matched in any case, names inside data as written. A key that is no envelope name is a
    CloudEvents extension attribute.
    """
    head, *path = key.split(".")
    names = _ENVELOPE.get(head.lower(), (head,))
    found: Any = next((fields[name] for name in names if name in fields), None)
    for name in path:
        found = found.get(name) if isinstance(found, dict) else None
    return found


def passes(advanced: "AdvancedFilter", fields: Mapping[str, Any], *, arrays: bool) -> bool:
    """Tell whether an event passes one advanced filter; values of a type not the operator's do not count.

    Args:
        advanced: the filter.
        fields: the parsed event.
        arrays: whether the values of an array are compared one by one; else an array does not count.
    """
    rule = OPERATORS[advanced.operator_type]
    found = lookup(advanced.key, fields)
    if found is None:
        return rule.when_absent
    candidates = (found if arrays else []) if isinstance(found, list) else [found]
    kind = "number" if rule.kind == "range" else rule.kind
    values = [value for value in candidates if is_of(kind, value)]
    hit = any(rule.holds(value, declared) for declared in advanced.operands for value in values)
    return hit is not rule.negated


def wants(declared: "Filter", fields: Mapping[str, Any]) -> bool:
    """Tell whether an event passes all of a subscription's filters."""
    types = declared.included_event_types
    if types and types != ["All"] and lookup("EventType", fields) not in types:
        return False
    subject, begins, ends = (
        text if declared.is_subject_case_sensitive else text.casefold()
        for text in (
            str(lookup("Subject", fields) or ""),
            declared.subject_begins_with or "",
            declared.subject_ends_with or "",
        )
    )
    if not (subject.startswith(begins) and subject.endswith(ends)):
        return False
    arrays = declared.enable_advanced_filtering_on_arrays
    return all(passes(advanced, fields, arrays=arrays) for advanced in declared.advanced_filters)
