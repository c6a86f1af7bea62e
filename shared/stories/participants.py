"""The participants of a thread: those of its creation and those added since, without those removed since."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from shared.events import facts
from shared.events.event import ERASED, Event, Kind
from shared.events.timestamps import edm
from shared.stories.order import Change, changes, known_name, last, newest, settle

_People = list[facts.Participant]
_MEMBERSHIP: Final = frozenset({Kind.PARTICIPANT_ADDED, Kind.PARTICIPANT_REMOVED})


class Participant(msgspec.Struct, frozen=True, omit_defaults=True):
    """A participant of a thread."""

    id: str
    display_name: str | None = None


class Participants(NamedTuple):
    """The participants of a thread.

    Attributes:
        present: who is in the thread now, by id.
        gaps: what the events leave open, in words.
    """

    present: tuple[Participant, ...]
    gaps: tuple[str, ...]


def tell_participants(events: Iterable[Event]) -> Participants:
    """Return the current participants, and what cannot be decided."""
    by_id: defaultdict[str, list[Event]] = defaultdict(list)
    creations = []
    for event in events:
        if event.kind is Kind.THREAD_CREATED:
            creations.append(event)
        elif event.kind in _MEMBERSHIP:
            by_id[event.facts.participant_id or ""].append(event)
    lists = [event.facts.participants for event in creations if event.facts.participants is not None]
    listed = _listed(lists)
    present = []
    gaps = _gaps_of_lists(creations, lists) + _changes_without_id(by_id.pop("", []))
    if any(event.redacted for event in creations) and listed.pop(ERASED, None) is not None:
        # All erased people share this id, and their own events, such as those of leaving, have gone.
        gaps.append("participants of the created thread were erased: whether they are still in it is not recorded")
    for person in sorted({*listed, *by_id}):
        history = changes(by_id.get(person, ()), lambda _: None)
        gaps += _left_open(person, history, listed=person in listed)
        if not history or history[-1].kind is Kind.PARTICIPANT_ADDED:
            names = newest(history, _name) or listed.get(person, set())
            name = settle(names, f"participant {person}: the name")
            gaps += name.gaps
            present.append(Participant(person, name.value))
    return Participants(tuple(present), tuple(gaps))


def _gaps_of_lists(creations: list[Event], lists: list[_People]) -> list[str]:
    if creations and not lists:
        return ["the participants of the created thread are not recorded"]
    if lists and all(any(not one.id for one in people) for people in lists):
        return ["the list of the created thread has someone without an id"]
    return []


def _listed(lists: list[_People]) -> dict[str, set[str]]:
    """Return the people in the created thread by id, each with all known names."""
    listed: dict[str, set[str]] = {}
    for one in chain.from_iterable(lists):
        if one.id:
            name = known_name(one.display_name)
            listed.setdefault(one.id, set()).update([] if name is None else [name])
    return listed


def _changes_without_id(events: list[Event]) -> list[str]:
    what = {Kind.PARTICIPANT_ADDED: "added", Kind.PARTICIPANT_REMOVED: "removed"}
    return [
        f"someone without an id was {what[change.kind]} at {edm(change.moment.occurred)}"
        for change in changes(events, _name)
    ]


def _left_open(person: str, history: list[Change], *, listed: bool) -> list[str]:
    gaps = []
    if _left_without_joining(history, present=listed):
        gaps.append(f"participant {person}: joining is not recorded")
    if history and len({change.kind for change in last(history)}) > 1:
        gaps.append(f"participant {person}: added and removed at the same time, the last of both is not certain")
    return gaps


def _left_without_joining(history: list[Change], *, present: bool) -> bool:
    additions = {change.moment for change in history if change.kind is Kind.PARTICIPANT_ADDED}
    for change in history:
        if change.kind is Kind.PARTICIPANT_REMOVED and not present:
            return True
        present = change.moment in additions  # of one moment, either may come last
    return False


def _name(event: Event) -> str | None:
    return known_name(event.facts.participant_display_name)
