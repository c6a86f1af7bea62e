"""The order of changes, and which of them is the last.

Events that report one change are merged into one `Change`. Changes are ordered by version, then by the time of the
change itself, then by the envelope's time. Comparing pairs by the fields that both have would not be transitive, so a
change without a version is placed directly after the highest version among the changes that happened no later.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from operator import itemgetter
from typing import Final, Generic, NamedTuple, TypeVar

import msgspec

from shared.events.event import Event, Kind

T = TypeVar("T")
Value = TypeVar("Value", bound=Hashable)

_BEGINNINGS: Final = frozenset({Kind.THREAD_CREATED, Kind.MESSAGE_RECEIVED, Kind.BOT_COMMAND_RECEIVED})
_ENDS: Final = frozenset({Kind.THREAD_DELETED, Kind.MESSAGE_DELETED})
_DELIVERED: Final = "delivered"
_BELOW_ALL_VERSIONS: Final = -(2**63)


class Moment(NamedTuple):
    """When a change happened; two changes of the same moment cannot be ordered by time.

    Attributes:
        occurred: ticks of the change itself.
        stage: 0 for a beginning, 2 for an end, 1 otherwise. It precedes the time of publication in the order, since ACS
            gives a deletion the time of the last edit, and nothing is edited after its deletion.
        published: ticks of the envelope.
        delivered: whether it is a successful delivery, which ends the failed attempts before it.
    """

    occurred: int
    stage: int
    published: int
    delivered: bool

    @property
    def instant(self) -> tuple[int, int]:
        """When it happened, regardless of when it was published."""
        return self.occurred, self.stage

    @property
    def is_beginning(self) -> bool:
        """Whether a message or thread begins with it."""
        return self.stage == 0


class Change(msgspec.Struct, frozen=True):
    """One change of a message, a thread, a membership or an SMS.

    Attributes:
        kind: what happened.
        version: the version after the change; None if no event has it.
        moment: when it happened, according to the earliest of its events.
        events: the events of either level that report this change.
    """

    kind: Kind
    version: int | None
    moment: Moment
    events: tuple[Event, ...] = ()

    @property
    def may_be_later(self) -> bool:
        """Return whether an event without a version may report a repetition of this change after its version."""
        return any(event.facts.version is None for event in self.events)


_ANY: Final = object()
_NONE_YET: Final = object()


class _Group(msgspec.Struct, eq=False):
    """The events of one change, and whether one of them has its value."""

    events: list[Event] = []
    has_value: bool = False


def changes(events: Iterable[Event], value: Callable[[Event], Hashable | None]) -> list[Change]:
    """Return the changes of one thing, oldest first, each once however many events report it.

    Two events report one change if their kinds and values agree, and so do their versions or else their times. An event
    without the value agrees with any value, but makes no two different values one.
    """
    groups: list[_Group] = []
    group_of: dict[Hashable, _Group] = {}

    def place(event: Event) -> tuple[object, ...]:
        # The most specific events come first, so that the others find the change that they agree with.
        version = event.facts.version
        return version is None, value(event) is None, -(version or 0), event.digest

    for event in sorted(events, key=place):
        said = value(event)
        marks = _marks(event)
        alike = (_ANY,) if said is None else (said, _NONE_YET)
        group = next((group_of[marks[0], one] for one in alike if (marks[0], one) in group_of), None)
        if group is None:
            groups.append(group := _Group())
        group.events.append(event)
        if said is not None and not group.has_value:  # from now on, the group is open to this value only
            group.has_value = True
            for mark in (mark for one in group.events for mark in _marks(one)):
                if group_of.get((mark, _NONE_YET)) is group:
                    del group_of[mark, _NONE_YET]
        for mark in marks:
            if said is not None or not group.has_value:
                group_of.setdefault((mark, _NONE_YET if said is None else said), group)
            group_of.setdefault((mark, _ANY), group)
    return in_order((_change(group.events) for group in groups), lambda change: change)


def _marks(event: Event) -> list[tuple[Kind, str, int]]:
    """Return what the events of one change have in common: the version, if there is one, and the time."""
    time = (event.kind, "time", _occurred(event))
    version = event.facts.version
    return [time] if version is None else [(event.kind, "version", version), time]


def _change(events: Sequence[Event]) -> Change:
    # Events with a version come first.
    return Change(events[0].kind, events[0].facts.version, min(map(_moment, events)), tuple(events))


def _moment(event: Event) -> Moment:
    stage = 0 if event.kind in _BEGINNINGS else 2 if event.kind in _ENDS else 1
    delivered = (event.facts.delivery_status or "").lower() == _DELIVERED
    return Moment(_occurred(event), stage, event.ticks, delivered)


def _occurred(event: Event) -> int:
    return event.ticks if event.facts.occurred_at is None else event.facts.occurred_at.ticks


def in_order(things: Iterable[T], change_of: Callable[[T], Change]) -> list[T]:
    """Return things in the order of their changes; the order of equal ones is kept."""
    told = [(change_of(thing), thing) for thing in things]
    # A beginning is always the first, since a copy of it may lack version and time.
    beginnings = [one for one in told if one[0].moment.is_beginning]
    others = [one for one in told if not one[0].moment.is_beginning]
    return [thing for part in (beginnings, others) for _, thing in _by_version(part)]


def _by_version(told: Sequence[tuple[Change, T]]) -> list[tuple[Change, T]]:
    highest = _BELOW_ALL_VERSIONS
    placed = []
    for change, thing in _by_time(told):
        if change.version is not None:
            highest = max(highest, change.version)
        placed.append((highest if change.version is None else change.version, (change, thing)))
    return [one for _, one in sorted(placed, key=itemgetter(0))]  # which keeps the order of time where that is equal


def _by_time(told: Sequence[tuple[Change, T]]) -> list[tuple[Change, T]]:
    """Return things in order of time; at the same instant, those without a version come last."""
    with_version: dict[tuple[int, int], Moment] = {}
    for moment in (change.moment for change, _ in told if change.version is not None):
        with_version[moment.instant] = max(moment, with_version.get(moment.instant, moment))

    def place(one: tuple[Change, T]) -> tuple[object, ...]:
        change, moment = one[0], one[0].moment
        is_late = change.version is None and moment < with_version.get(moment.instant, moment)
        is_removal = change.kind is Kind.PARTICIPANT_REMOVED
        return moment.instant, is_late, moment, is_removal, change.version is None

    return sorted(told, key=place)


def last(history: Sequence[Change]) -> list[Change]:
    """Return the changes, of some in order, that may be the last: several if neither version nor time decides."""
    end = history[-1]
    # The version of a beginning says nothing of what followed.
    peers = [change for change in history if change.moment.is_beginning == end.moment.is_beginning]
    highest = max((change.version for change in peers if change.version is not None), default=None)
    return [
        one
        for one in peers
        if (one.moment == end.moment and (one.version == highest or one.may_be_later)) or _is_contradicted(end, one)
    ]


def _is_contradicted(end: Change, one: Change) -> bool:
    """Return whether the last change has no version and was published before another of the same instant."""
    is_placed = end.version is None and one.version is not None and end.moment.instant == one.moment.instant
    return is_placed and end.moment < one.moment


def newest(history: Iterable[Change], fact: Callable[[Event], Value | None]) -> set[Value]:
    """Return the newest values of a fact: one, several if their order cannot be decided, or none."""
    telling = [change for change in history if any(fact(event) is not None for event in change.events)]
    if not telling:
        return set()
    values = {fact(event) for change in last(telling) for event in change.events}
    return {value for value in values if value is not None}


class Settled(NamedTuple, Generic[Value]):
    """What is known of a fact.

    Attributes:
        value: its value; None if none is known or it is not certain.
        gaps: what the events leave open of it, in words.
    """

    value: Value | None
    gaps: tuple[str, ...] = ()


def settle(values: set[Value], what: str) -> Settled[Value]:
    """Return the only value, or none; several values are a gap."""
    if len(values) > 1:
        return Settled(None, (f"{what} is not certain: {len(values)} values have the same time",))
    return Settled(next(iter(values), None))


def known_name(name: str | None) -> str | None:
    """Return a display name, or None if it is blank."""
    return name if name and name.strip() else None
