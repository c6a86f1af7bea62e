"""Payloads of chat events about a message."""

from typing import ClassVar, Final

from shared.events.facts import Facts, JsonObject
from shared.events.identifiers import CommunicationIdentifier, identity
from shared.events.numbers import Int64
from shared.events.payloads import Feeds
from shared.events.payloads.chat import ChatEvent
from shared.events.timestamps import Instant

_SENDER: Final = ("sender_id", "sender_kind")


class ChatMessage(ChatEvent):
    """A message, typing indicator or bot command was sent."""

    feeds: ClassVar[Feeds] = {
        **ChatEvent.feeds,
        "sender_communication_identifier": _SENDER,
        "sender_id": _SENDER,
        "type": ("message_type",),
        "message_body": ("body",),
        "compose_time": ("composed_at", "occurred_at"),
    }

    message_id: str | None = None
    sender_communication_identifier: CommunicationIdentifier | None = None
    sender_id: str | None = None
    sender_display_name: str | None = None
    compose_time: Instant | None = None
    type: str | None = None
    message_body: str | None = None
    metadata: JsonObject | None = None
    sequence_id: Int64 | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        facts = ChatEvent.facts(self)
        sender = identity(self.sender_communication_identifier, self.sender_id)
        facts.message_id = self.message_id
        facts.message_type = self.type
        facts.sender_id, facts.sender_kind = sender
        facts.sender_display_name = self.sender_display_name
        facts.body = self.message_body
        facts.composed_at = facts.occurred_at = self.compose_time
        facts.metadata = self.metadata
        facts.sequence_id = self.sequence_id
        return facts


class ChatMessageEdited(ChatMessage):
    """A message was edited; the body is the new one."""

    feeds: ClassVar[Feeds] = {
        **ChatMessage.feeds,
        "compose_time": ("composed_at",),
        "edit_time": ("occurred_at",),
    }

    edit_time: Instant | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        facts = ChatMessage.facts(self)
        facts.occurred_at = self.edit_time
        return facts


class ChatMessageDeleted(ChatMessage):
    """A message was deleted."""

    feeds: ClassVar[Feeds] = {
        **ChatMessage.feeds,
        "compose_time": ("composed_at",),
        "delete_time": ("occurred_at",),
    }

    delete_time: Instant | None = None

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        facts = ChatMessage.facts(self)
        facts.occurred_at = self.delete_time
        return facts
