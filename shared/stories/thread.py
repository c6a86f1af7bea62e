"""The story of one thread: its topic, participants and messages."""

from collections.abc import Iterable
from typing import Final

import msgspec

from shared.events.event import Event, Kind
from shared.events.timestamps import edm
from shared.stories.messages import Message, tell_messages
from shared.stories.order import changes, newest, settle
from shared.stories.participants import Participant, tell_participants

_NO_CREATION: Final = "the thread's creation is not recorded: earlier participants and messages may be missing"
_NOTHING_OWN: Final = (
    "nothing that this user wrote is recorded: ACS may leave out of a user's events what that user did, "
    "so own messages and changes may be missing"
)


class Transcript(msgspec.Struct, frozen=True, omit_defaults=True):
    """A thread according to its events.

    Attributes:
        thread_id: the thread.
        topic: the newest topic.
        participants: who is in the thread now, by id.
        messages: all messages, oldest first.
        created_at: when the thread was created, as Edm.DateTime.
        deleted_at: when it was deleted, as Edm.DateTime.
        gaps: what the events leave open, in words.
    """

    thread_id: str
    topic: str | None
    participants: tuple[Participant, ...]
    messages: tuple[Message, ...]
    created_at: str | None = None
    deleted_at: str | None = None
    gaps: tuple[str, ...] = ()


def tell_thread(events: Iterable[Event], *, seen_by: str | None = None) -> Transcript | None:
    """Return the transcript of one thread from events of either or both levels, or None if there are none.

    Args:
        events: the events, in any order, with any duplicates.
        seen_by: raw id of the user to whom all events were delivered, if they are those of one user.
    """
    recorded = list(events)
    if not recorded:
        return None
    creations = _of(recorded, Kind.THREAD_CREATED)
    # Earlier, ACS also delivered events of a user's own messages to that user.
    nothing_own = seen_by is not None and all(event.facts.sender_id != seen_by for event in recorded)
    topics = changes(_of(recorded, Kind.THREAD_CREATED, Kind.THREAD_UPDATED), _topic)
    topic = settle(newest(topics, _topic), "the topic")
    participants = tell_participants(recorded)
    deletions = changes(_of(recorded, Kind.THREAD_DELETED), lambda _: None)
    messages = tell_messages(recorded)
    return Transcript(
        thread_id=min((event.facts.thread_id for event in recorded if event.facts.thread_id), default=""),
        topic=topic.value,
        participants=participants.present,
        messages=messages,
        created_at=_created_at(creations, recorded),
        deleted_at=edm(deletions[0].moment.occurred) if deletions else None,
        gaps=(
            *([] if creations else [_NO_CREATION]),
            *([_NOTHING_OWN] if nothing_own else []),
            *topic.gaps,
            *participants.gaps,
            *(f"message {message.message_id or 'without an id'}: {message.gap}" for message in messages if message.gap),
        ),
    )


def _of(events: Iterable[Event], *kinds: Kind) -> list[Event]:
    return [event for event in events if event.kind in kinds]


def _topic(event: Event) -> str | None:
    return event.facts.thread_topic


def _created_at(creations: list[Event], recorded: list[Event]) -> str | None:
    """Return when the thread was created: from its creation, or any other event, or the time of the creation event."""
    for events in (creations, recorded):
        times = [event.facts.thread_created_at.ticks for event in events if event.facts.thread_created_at is not None]
        if times:
            return edm(min(times))
    return edm(min(event.ticks for event in creations)) if creations else None
