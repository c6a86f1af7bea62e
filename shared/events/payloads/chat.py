"""What the payloads of all chat events have in common. A thread-level event is a user-level event without a recipient.

The 2020 generation identifies people by `senderId`, `members` and the like; since 2021 communication identifiers
accompany or replace them. Both generations arrive with `dataVersion` 1.0, so every model reads both. In 2026 the vendor
added `sequenceId`, `retentionPolicy` and `reason`.

https://learn.microsoft.com/azure/event-grid/communication-services-chat-events
"""

from typing import ClassVar, Final

from shared.events.facts import Facts, JsonObject, Participant
from shared.events.identifiers import CommunicationIdentifier, identity
from shared.events.numbers import Int64
from shared.events.payloads import Feeds, Payload
from shared.events.reading import Tolerant

INITIATOR: Final = ("initiator_id", "initiator_kind")
_RECIPIENT: Final = ("recipient_id", "recipient_kind")


class ChatEvent(Payload):
    """The fields of every chat event."""

    feeds: ClassVar[Feeds] = {"recipient_communication_identifier": _RECIPIENT, "recipient_id": _RECIPIENT}

    thread_id: str | None = None
    transaction_id: str | None = None
    version: Int64 | None = None
    recipient_communication_identifier: CommunicationIdentifier | None = None
    recipient_id: str | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        recipient = identity(self.recipient_communication_identifier, self.recipient_id)
        return Facts(
            thread_id=self.thread_id,
            transaction_id=self.transaction_id,
            version=self.version,
            recipient_id=recipient.id,
            recipient_kind=recipient.kind,
        )


class ChatThreadMember(Tolerant):
    """A participant in the 2020 generation."""

    display_name: str | None = None
    member_id: str | None = None

    def participant(self) -> Participant:
        """Return the normalized participant."""
        return Participant(*identity(None, self.member_id), self.display_name)


class ChatThreadParticipant(Tolerant):
    """A participant since 2021."""

    display_name: str | None = None
    participant_communication_identifier: CommunicationIdentifier | None = None
    metadata: JsonObject | None = None

    def participant(self) -> Participant:
        """Return the normalized participant."""
        return Participant(*identity(self.participant_communication_identifier, None), self.display_name, self.metadata)
