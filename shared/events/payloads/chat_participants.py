"""Payloads of chat events about a participant who joins or leaves a thread."""

from typing import ClassVar, Final

from shared.events.facts import Facts, Participant
from shared.events.identifiers import CommunicationIdentifier, Identity, identity
from shared.events.payloads import Feeds
from shared.events.payloads.chat import INITIATOR, ChatEvent, ChatThreadMember, ChatThreadParticipant
from shared.events.timestamps import Instant

_MEMBER: Final = ("participant_id", "participant_kind", "participant_display_name")
_PARTICIPANT: Final = (*_MEMBER, "metadata")


class _ChatMembership(ChatEvent):
    """A participant joined or left a thread."""

    feeds: ClassVar[Feeds] = {
        **ChatEvent.feeds,
        "time": ("occurred_at",),
        "create_time": ("thread_created_at",),
    }

    time: Instant | None = None
    create_time: Instant | None = None

    def facts_of(self, initiator: Identity, person: ChatThreadParticipant | ChatThreadMember | None) -> Facts:
        """Return the facts of this payload, given who made the change and the participant."""
        facts = ChatEvent.facts(self)
        facts.thread_created_at = self.create_time
        facts.occurred_at = self.time
        facts.initiator_id, facts.initiator_kind = initiator
        participant = Participant() if person is None else person.participant()
        facts.participant_id = participant.id
        facts.participant_kind = participant.kind
        facts.participant_display_name = participant.display_name
        facts.metadata = participant.metadata
        return facts


class ChatParticipantAdded(_ChatMembership):
    """A participant joined a thread."""

    feeds: ClassVar[Feeds] = {
        **_ChatMembership.feeds,
        "added_by_communication_identifier": INITIATOR,
        "added_by": INITIATOR,
        "participant_added": _PARTICIPANT,
        "member_added": _MEMBER,
    }

    added_by_communication_identifier: CommunicationIdentifier | None = None
    added_by: str | None = None
    participant_added: ChatThreadParticipant | None = None
    member_added: ChatThreadMember | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        initiator = identity(self.added_by_communication_identifier, self.added_by)
        return self.facts_of(initiator, self.participant_added or self.member_added)


class ChatParticipantRemoved(_ChatMembership):
    """A participant left a thread or was removed from it."""

    feeds: ClassVar[Feeds] = {
        **_ChatMembership.feeds,
        "removed_by_communication_identifier": INITIATOR,
        "removed_by": INITIATOR,
        "participant_removed": _PARTICIPANT,
        "member_removed": _MEMBER,
    }

    removed_by_communication_identifier: CommunicationIdentifier | None = None
    removed_by: str | None = None
    participant_removed: ChatThreadParticipant | None = None
    member_removed: ChatThreadMember | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        initiator = identity(self.removed_by_communication_identifier, self.removed_by)
        return self.facts_of(initiator, self.participant_removed or self.member_removed)
