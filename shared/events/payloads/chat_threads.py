"""Payloads of the chat events about a thread as a whole."""

from typing import ClassVar, Final

from shared.events.facts import Facts, JsonObject
from shared.events.identifiers import CommunicationIdentifier, identity
from shared.events.payloads import Feeds
from shared.events.payloads.chat import INITIATOR, ChatEvent, ChatThreadMember, ChatThreadParticipant
from shared.events.timestamps import Instant

_PROPERTIES: Final = ("properties", "thread_topic")


class ChatThreadCreated(ChatEvent):
    """A thread was created, with its topic and all its participants."""

    feeds: ClassVar[Feeds] = {
        **ChatEvent.feeds,
        "create_time": ("thread_created_at", "occurred_at"),
        "created_by_communication_identifier": INITIATOR,
        "created_by": INITIATOR,
        "properties": _PROPERTIES,
        "participants": ("participants", "participant_count"),
        "members": ("participants", "participant_count"),
    }

    create_time: Instant | None = None
    created_by_communication_identifier: CommunicationIdentifier | None = None
    created_by: str | None = None
    properties: JsonObject | None = None
    metadata: JsonObject | None = None
    retention_policy: JsonObject | None = None
    participants: list[ChatThreadParticipant] | None = None
    members: list[ChatThreadMember] | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        facts = ChatEvent.facts(self)
        facts.initiator_id, facts.initiator_kind = identity(self.created_by_communication_identifier, self.created_by)
        facts.properties = self.properties
        facts.thread_topic = _topic(self.properties)
        facts.thread_created_at = facts.occurred_at = self.create_time
        facts.metadata = self.metadata
        facts.retention_policy = self.retention_policy
        listed = self.participants if self.members is None else self.participants or self.members
        if listed is not None:
            facts.participants = [person.participant() for person in listed]
            facts.participant_count = len(listed)
        return facts

    def notes(self) -> tuple[str, ...]:
        """Return a note if the topic is not a string."""
        return _notes_of_topic(self.properties)


class ChatThreadPropertiesUpdated(ChatEvent):
    """The properties of a thread changed; currently that means its topic."""

    feeds: ClassVar[Feeds] = {
        **ChatEvent.feeds,
        "create_time": ("thread_created_at",),
        "edit_time": ("occurred_at",),
        "edited_by_communication_identifier": INITIATOR,
        "edited_by": INITIATOR,
        "properties": _PROPERTIES,
    }

    create_time: Instant | None = None
    edit_time: Instant | None = None
    edited_by_communication_identifier: CommunicationIdentifier | None = None
    edited_by: str | None = None
    properties: JsonObject | None = None
    metadata: JsonObject | None = None
    retention_policy: JsonObject | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        facts = ChatEvent.facts(self)
        facts.initiator_id, facts.initiator_kind = identity(self.edited_by_communication_identifier, self.edited_by)
        facts.properties = self.properties
        facts.thread_topic = _topic(self.properties)
        facts.thread_created_at = self.create_time
        facts.occurred_at = self.edit_time
        facts.metadata = self.metadata
        facts.retention_policy = self.retention_policy
        return facts

    def notes(self) -> tuple[str, ...]:
        """Return a note if the topic is not a string."""
        return _notes_of_topic(self.properties)


class ChatThreadDeleted(ChatEvent):
    """A thread was deleted."""

    feeds: ClassVar[Feeds] = {
        **ChatEvent.feeds,
        "create_time": ("thread_created_at",),
        "delete_time": ("occurred_at",),
        "deleted_by_communication_identifier": INITIATOR,
        "deleted_by": INITIATOR,
        "reason": ("deletion_reason",),
    }

    create_time: Instant | None = None
    delete_time: Instant | None = None
    deleted_by_communication_identifier: CommunicationIdentifier | None = None
    deleted_by: str | None = None
    reason: str | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        facts = ChatEvent.facts(self)
        facts.initiator_id, facts.initiator_kind = identity(self.deleted_by_communication_identifier, self.deleted_by)
        facts.thread_created_at = self.create_time
        facts.occurred_at = self.delete_time
        facts.deletion_reason = self.reason
        return facts


def _topic(properties: JsonObject | None) -> str | None:
    topic = _named_topic(properties)
    return topic if isinstance(topic, str) else None


def _notes_of_topic(properties: JsonObject | None) -> tuple[str, ...]:
    topic = _named_topic(properties)
    return () if topic is None or isinstance(topic, str) else ("$.data.properties.topic: not a string",)


def _named_topic(properties: JsonObject | None) -> object:
    """Return the value of `topic` in any case; of several spellings, that of the last in code point order."""
    if not properties:
        return None
    if "topic" in properties and len(properties) == 1:
        return properties["topic"]
    return next((properties[name] for name in sorted(properties, reverse=True) if name.lower() == "topic"), None)
