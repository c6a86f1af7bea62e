"""The history of a thread, change by change, with the texts before edits and deletions."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from operator import itemgetter
from typing import Final

import msgspec

from shared.events.event import Event, Kind
from shared.events.timestamps import edm
from shared.stories.messages import OF_A_MESSAGE
from shared.stories.order import Change, changes, known_name

_OF_A_MEMBER: Final = frozenset({Kind.PARTICIPANT_ADDED, Kind.PARTICIPANT_REMOVED})
_OF_THE_THREAD: Final = frozenset({Kind.THREAD_CREATED, Kind.THREAD_UPDATED, Kind.THREAD_DELETED})


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One change in a thread.

    Attributes:
        time: when it happened, as Edm.DateTime.
        kind: what happened.
        who: name or raw id of the person who made it; of a message, its sender.
        what: the new text or topic, or the participant.
        message_id: the message, if it is a change of one.
    """

    time: str
    kind: str
    who: str | None
    what: str | None
    message_id: str | None = None


def tell_history(events: Iterable[Event]) -> tuple[Step, ...]:
    """Return all changes of one thread, each once, without typing indicators.

    Changes of one message, one member or the thread itself are in their own order. Among the others they are placed by
    time; a time that contradicts that order is replaced by the latest time before it.
    """
    by_subject: defaultdict[Hashable, list[Event]] = defaultdict(list)
    for event in events:
        if event.kind in OF_A_MESSAGE | _OF_A_MEMBER | _OF_THE_THREAD:
            by_subject[_subject(event)].append(event)
    placed = [one for group in by_subject.values() for one in _placed(changes(group, _value))]
    return tuple(_step(change) for _, change in sorted(placed, key=itemgetter(0)))


def _placed(history: list[Change]) -> Iterator[tuple[tuple[int, bool, str], Change]]:
    """Yield each change with its sort key; the subject of a change decides only between equal times."""
    latest = 0
    for change in history:
        latest = max(latest, change.moment.occurred)
        facts = change.events[0].facts
        yield (latest, change.kind in OF_A_MESSAGE, facts.message_id or facts.participant_id or ""), change


def _subject(event: Event) -> Hashable:
    if event.kind in OF_A_MESSAGE:
        return "message", event.facts.message_id
    return ("member", event.facts.participant_id) if event.kind in _OF_A_MEMBER else "thread"


def _value(event: Event) -> Hashable:
    facts = event.facts
    if event.kind in OF_A_MESSAGE:
        return facts.body if facts.message_id else (facts.sender_id, facts.body)
    if event.kind in _OF_A_MEMBER:
        return None if facts.participant_id else known_name(facts.participant_display_name)
    return facts.thread_topic


def _step(change: Change) -> Step:
    facts = [event.facts for event in change.events]
    people = [known_name(one.sender_display_name) or one.sender_id or one.initiator_id for one in facts]
    if change.kind in _OF_A_MEMBER:
        told = [known_name(one.participant_display_name) or one.participant_id for one in facts]
    else:
        told = [one.body if change.kind in OF_A_MESSAGE else one.thread_topic for one in facts]
    return Step(
        time=edm(change.moment.occurred),
        kind=change.kind.value,
        who=_any(people),
        what=_any(told),
        message_id=facts[0].message_id if change.kind in OF_A_MESSAGE else None,
    )


def _any(values: Iterable[str | None]) -> str | None:
    """Return the value that the events of one change report; if they differ in detail, the longest."""
    return max((value for value in values if value), key=lambda value: (len(value), value), default=None)
