"""Payloads of the chat events, user-level and thread-level: a thread-level event is the same without recipient.

The 2020 generation names people by `senderId`, `members` and the like; since 2021 there are communication identifiers
beside them or in their place. Both arrive with `dataVersion` 1.0, so every model knows both.

https://learn.microsoft.com/azure/event-grid/communication-services-chat-events
"""

from typing import Any, ClassVar

from shared.events.identifiers import CommunicationIdentifier, who
from shared.events.payloads import Int64, Payload, Sources
from shared.events.reading import Tolerant


class ChatEvent(Payload):
    """What all chat events have in common."""

    sources: ClassVar[Sources] = {
        "ThreadId": ("threadId",),
        "RecipientId": ("recipientCommunicationIdentifier", "recipientId"),
    }

    thread_id: str | None = None
    transaction_id: str | None = None
    version: Int64 | None = None
    recipient_id: str | None = None
    recipient_communication_identifier: CommunicationIdentifier | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        recipient_id, recipient_kind = who(self.recipient_communication_identifier, self.recipient_id)
        return {
            "ThreadId": self.thread_id,
            "TransactionId": self.transaction_id,
            "Version": self.version,
            "RecipientId": recipient_id,
            "RecipientKind": recipient_kind,
        }


class ChatMessage(ChatEvent):
    """A message, a typing indicator or a bot command, as it was sent."""

    occurred = "composeTime"

    message_id: str | None = None
    sender_id: str | None = None
    sender_communication_identifier: CommunicationIdentifier | None = None
    sender_display_name: str | None = None
    compose_time: str | None = None
    type: str | None = None
    message_body: str | None = None
    metadata: dict[str, Any] | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        sender_id, sender_kind = who(self.sender_communication_identifier, self.sender_id)
        return {
            **ChatEvent.columns(self),
            "MessageId": self.message_id,
            "MessageType": self.type,
            "SenderId": sender_id,
            "SenderKind": sender_kind,
            "SenderDisplayName": self.sender_display_name,
            "Body": self.message_body,
            "ComposedAt": self.compose_time,
            "OccurredAt": self.compose_time,
            "Metadata": self.metadata,
        }


class ChatMessageEdited(ChatMessage):
    """A message as it reads after an edit."""

    occurred = "editTime"

    edit_time: str | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        return {**ChatMessage.columns(self), "OccurredAt": self.edit_time}


class ChatMessageDeleted(ChatMessage):
    """A message that is no more."""

    occurred = "deleteTime"

    delete_time: str | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        return {**ChatMessage.columns(self), "OccurredAt": self.delete_time}


class ChatThreadMember(Tolerant):
    """A participant in the 2020 generation."""

    display_name: str | None = None
    member_id: str | None = None

    def participant(self) -> dict[str, Any]:
        """Tell id, kind and name as the `Participants` column has them, absent parts left out."""
        return _participant(*who(None, self.member_id), self.display_name, None)


class ChatThreadParticipant(Tolerant):
    """A participant since 2021."""

    display_name: str | None = None
    participant_communication_identifier: CommunicationIdentifier | None = None
    metadata: dict[str, Any] | None = None

    def participant(self) -> dict[str, Any]:
        """Tell id, kind, name and metadata as the `Participants` column has them, absent parts left out."""
        identity = who(self.participant_communication_identifier, None)
        return _participant(*identity, self.display_name, self.metadata)


class ChatThreadCreated(ChatEvent):
    """A thread, with its topic and all its participants."""

    occurred = "createTime"

    create_time: str | None = None
    created_by: str | None = None
    created_by_communication_identifier: CommunicationIdentifier | None = None
    properties: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    members: list[ChatThreadMember] | None = None
    participants: list[ChatThreadParticipant] | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        listed = self.participants if self.members is None else self.participants or self.members
        return {
            **ChatEvent.columns(self),
            **_initiator(self.created_by_communication_identifier, self.created_by),
            **_properties(self.properties),
            "ThreadCreatedAt": self.create_time,
            "OccurredAt": self.create_time,
            "ParticipantCount": None if listed is None else len(listed),
            "Metadata": self.metadata,
            "Participants": None if listed is None else [person.participant() for person in listed],
        }


class ChatThreadPropertiesUpdated(ChatEvent):
    """A thread's properties after a change; today that is the topic."""

    occurred = "editTime"

    create_time: str | None = None
    edit_time: str | None = None
    edited_by: str | None = None
    edited_by_communication_identifier: CommunicationIdentifier | None = None
    properties: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        return {
            **ChatEvent.columns(self),
            **_initiator(self.edited_by_communication_identifier, self.edited_by),
            **_properties(self.properties),
            "ThreadCreatedAt": self.create_time,
            "OccurredAt": self.edit_time,
            "Metadata": self.metadata,
        }


class ChatThreadDeleted(ChatEvent):
    """A thread that is no more."""

    occurred = "deleteTime"

    create_time: str | None = None
    delete_time: str | None = None
    deleted_by: str | None = None
    deleted_by_communication_identifier: CommunicationIdentifier | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        return {
            **ChatEvent.columns(self),
            **_initiator(self.deleted_by_communication_identifier, self.deleted_by),
            "ThreadCreatedAt": self.create_time,
            "OccurredAt": self.delete_time,
        }


class ChatParticipantAdded(ChatEvent):
    """Someone who joined a thread."""

    occurred = "time"

    time: str | None = None
    create_time: str | None = None
    added_by: str | None = None
    added_by_communication_identifier: CommunicationIdentifier | None = None
    member_added: ChatThreadMember | None = None
    participant_added: ChatThreadParticipant | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        return {
            **ChatEvent.columns(self),
            **_initiator(self.added_by_communication_identifier, self.added_by),
            **_one_participant(self.participant_added or self.member_added),
            "ThreadCreatedAt": self.create_time,
            "OccurredAt": self.time,
        }


class ChatParticipantRemoved(ChatEvent):
    """Someone who left a thread or was removed from it."""

    occurred = "time"

    time: str | None = None
    create_time: str | None = None
    removed_by: str | None = None
    removed_by_communication_identifier: CommunicationIdentifier | None = None
    member_removed: ChatThreadMember | None = None
    participant_removed: ChatThreadParticipant | None = None

    def columns(self) -> dict[str, Any]:
        """Tell the columns of this payload; None is for absent."""
        return {
            **ChatEvent.columns(self),
            **_initiator(self.removed_by_communication_identifier, self.removed_by),
            **_one_participant(self.participant_removed or self.member_removed),
            "ThreadCreatedAt": self.create_time,
            "OccurredAt": self.time,
        }


def _initiator(identifier: CommunicationIdentifier | None, legacy_id: str | None) -> dict[str, Any]:
    initiator_id, kind = who(identifier, legacy_id)
    return {"InitiatorId": initiator_id, "InitiatorKind": kind}


def _properties(properties: dict[str, Any] | None) -> dict[str, Any]:
    by_lower = {name.lower(): properties[name] for name in sorted(properties)} if properties else {}
    return {"ThreadTopic": by_lower.get("topic"), "Properties": properties}


def _one_participant(person: ChatThreadMember | ChatThreadParticipant | None) -> dict[str, Any]:
    found = {} if person is None else person.participant()
    return {
        "ParticipantId": found.get("id"),
        "ParticipantKind": found.get("kind"),
        "ParticipantDisplayName": found.get("displayName"),
        "Metadata": found.get("metadata"),
    }


def _participant(
    raw_id: str | None, kind: str | None, display_name: str | None, metadata: dict[str, Any] | None
) -> dict[str, Any]:
    person: dict[str, Any] = {}
    if raw_id is not None:
        person["id"] = raw_id
    if kind is not None:
        person["kind"] = kind
    if display_name is not None:
        person["displayName"] = display_name
    if metadata is not None:
        person["metadata"] = metadata
    return person
