"""A thread as a chat: messages, with the changes of the thread and its members between them."""

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from zlib import crc32

from shared.events.event import Kind
from shared.stories import Message, Step, Transcript

_HUES: Final = 8
_WORDS: Final = {
    Kind.PARTICIPANT_ADDED: "joined",
    Kind.PARTICIPANT_REMOVED: "left",
    Kind.THREAD_CREATED: "the thread was created",
    Kind.THREAD_UPDATED: "the topic was changed",
    Kind.THREAD_DELETED: "the thread was deleted",
}


class Said(NamedTuple):
    """One message.

    Attributes:
        message: its current state.
        time: when it was sent, as Edm.DateTime; empty if unknown.
        hue: the number of the sender's colour.
        versions: all its versions, oldest first; empty if it was never changed.
    """

    message: Message
    time: str
    hue: int
    versions: Sequence[Step]


class Changed(NamedTuple):
    """One change of the thread or of its members.

    Attributes:
        time: when it happened, as Edm.DateTime.
        who: name or id of the initiator, if known.
        whom: name or id of the member, or the topic, if known.
        words: what happened.
        of_member: whether it concerns a member.
    """

    time: str
    who: str | None
    whom: str | None
    words: str
    of_member: bool


def entries(transcript: Transcript, steps: Sequence[Step]) -> list[Said | Changed]:
    """Return the messages and changes of a thread, oldest first; messages keep the order of the transcript."""
    names = _names(transcript)
    versions: dict[str, list[Step]] = {}
    changes = []
    for step in steps:
        if step.message_id:
            versions.setdefault(step.message_id, []).append(step)
        elif step.kind in _WORDS:
            changes.append(_changed(step, names))
    told: list[Said | Changed] = []
    waiting = iter(changes)
    change = next(waiting, None)
    for message in transcript.messages:
        while change is not None and message.composed_at is not None and change.time <= message.composed_at:
            told.append(change)
            change = next(waiting, None)
        told.append(_said(message, versions.get(message.message_id, [])))
    return [*told, *([change] if change is not None else []), *waiting]


def _names(transcript: Transcript) -> dict[str, str]:
    """Return the known names of users by their ids."""
    told = [(message.sender_id, message.sender_name) for message in transcript.messages]
    told += [(one.id, one.display_name) for one in transcript.participants]
    return {id_: name for id_, name in told if id_ and name}


def _changed(step: Step, names: Mapping[str, str]) -> Changed:
    of_member = step.kind.startswith("participant.")
    who = names.get(step.who or "", step.who)
    whom = names.get(step.what or "", step.what) if of_member else step.what
    return Changed(step.time, who, whom, _WORDS[Kind(step.kind)], of_member)


def _said(message: Message, steps: Sequence[Step]) -> Said:
    told = len(steps) > 1 or message.deleted_at is not None
    return Said(
        message, message.composed_at or "", crc32((message.sender_id or "").encode()) % _HUES, steps if told else ()
    )
