"""The catalogue: every event type that is recorded, and where its rows go. A new type is one row here and one sample.

The names are the vendor's own, `azure.eventgrid.SystemEventNames`.
"""

from enum import StrEnum
from typing import NamedTuple

from azure.eventgrid import SystemEventNames as Name

from shared.events.payloads import Payload, chat, sms


class Kind(StrEnum):
    """What happened, in one vocabulary for all levels and generations; the `Kind` column."""

    SMS_RECEIVED = "sms.received"
    SMS_DELIVERY_REPORT = "sms.delivery-report"
    MESSAGE_RECEIVED = "message.received"
    MESSAGE_EDITED = "message.edited"
    MESSAGE_DELETED = "message.deleted"
    THREAD_CREATED = "thread.created"
    THREAD_UPDATED = "thread.updated"
    THREAD_DELETED = "thread.deleted"
    PARTICIPANT_ADDED = "participant.added"
    PARTICIPANT_REMOVED = "participant.removed"
    TYPING_RECEIVED = "typing.received"
    BOT_COMMAND_RECEIVED = "bot-command.received"


class Family(NamedTuple):
    """Events that one function takes and that share their tables.

    Attributes:
        function: name of the function that Event Grid delivers them to.
        table: table with one row per event, newest first.
        owner: column whose value is the partition: the number, user or thread that asks for its events.
        message_table: table that files the same rows under their message, if the family has one.
    """

    function: str
    table: str
    owner: str
    message_table: str | None = None


SMS = Family("sms_events", "SmsEvents", "Number", "SmsMessages")
CHAT_USER = Family("chat_user_events", "ChatUserEvents", "RecipientId")
CHAT_THREAD = Family("chat_thread_events", "ChatThreadEvents", "ThreadId")
FAMILIES = (SMS, CHAT_USER, CHAT_THREAD)

DEAD_LETTERS = "DeadLetters"
TABLES = (
    *(table for family in FAMILIES for table in (family.table, family.message_table) if table),
    DEAD_LETTERS,
)


class EventType(NamedTuple):
    """One row of the catalogue."""

    name: str
    family: Family
    kind: Kind
    payload: type[Payload]


_ROWS = (
    EventType(Name.AcsSmsReceivedEventName.value, SMS, Kind.SMS_RECEIVED, sms.SmsReceived),
    EventType(Name.AcsSmsDeliveryReportReceivedEventName.value, SMS, Kind.SMS_DELIVERY_REPORT, sms.SmsDeliveryReport),
    EventType(Name.AcsChatMessageReceivedEventName.value, CHAT_USER, Kind.MESSAGE_RECEIVED, chat.ChatMessage),
    EventType(Name.AcsChatMessageEditedEventName.value, CHAT_USER, Kind.MESSAGE_EDITED, chat.ChatMessageEdited),
    EventType(Name.AcsChatMessageDeletedEventName.value, CHAT_USER, Kind.MESSAGE_DELETED, chat.ChatMessageDeleted),
    EventType(Name.AcsChatThreadCreatedWithUserEventName.value, CHAT_USER, Kind.THREAD_CREATED, chat.ChatThreadCreated),
    EventType(
        Name.AcsChatThreadPropertiesUpdatedPerUserEventName.value,
        CHAT_USER,
        Kind.THREAD_UPDATED,
        chat.ChatThreadPropertiesUpdated,
    ),
    EventType(Name.AcsChatThreadWithUserDeletedEventName.value, CHAT_USER, Kind.THREAD_DELETED, chat.ChatThreadDeleted),
    EventType(
        Name.AcsChatParticipantAddedToThreadWithUserEventName.value,
        CHAT_USER,
        Kind.PARTICIPANT_ADDED,
        chat.ChatParticipantAdded,
    ),
    EventType(
        Name.AcsChatParticipantRemovedFromThreadWithUserEventName.value,
        CHAT_USER,
        Kind.PARTICIPANT_REMOVED,
        chat.ChatParticipantRemoved,
    ),
    # The two names of 2020, gone from the documentation since 2021 and never said to be retired.
    EventType(
        Name.AcsChatMemberAddedToThreadWithUserEventName.value,
        CHAT_USER,
        Kind.PARTICIPANT_ADDED,
        chat.ChatParticipantAdded,
    ),
    EventType(
        Name.AcsChatMemberRemovedFromThreadWithUserEventName.value,
        CHAT_USER,
        Kind.PARTICIPANT_REMOVED,
        chat.ChatParticipantRemoved,
    ),
    EventType(Name.AcsChatMessageReceivedInThreadEventName.value, CHAT_THREAD, Kind.MESSAGE_RECEIVED, chat.ChatMessage),
    EventType(
        Name.AcsChatMessageEditedInThreadEventName.value, CHAT_THREAD, Kind.MESSAGE_EDITED, chat.ChatMessageEdited
    ),
    EventType(
        Name.AcsChatMessageDeletedInThreadEventName.value, CHAT_THREAD, Kind.MESSAGE_DELETED, chat.ChatMessageDeleted
    ),
    EventType(Name.AcsChatThreadCreatedEventName.value, CHAT_THREAD, Kind.THREAD_CREATED, chat.ChatThreadCreated),
    EventType(
        Name.AcsChatThreadPropertiesUpdatedEventName.value,
        CHAT_THREAD,
        Kind.THREAD_UPDATED,
        chat.ChatThreadPropertiesUpdated,
    ),
    EventType(Name.AcsChatThreadDeletedEventName.value, CHAT_THREAD, Kind.THREAD_DELETED, chat.ChatThreadDeleted),
    EventType(
        Name.AcsChatThreadParticipantAddedEventName.value,
        CHAT_THREAD,
        Kind.PARTICIPANT_ADDED,
        chat.ChatParticipantAdded,
    ),
    EventType(
        Name.AcsChatThreadParticipantRemovedEventName.value,
        CHAT_THREAD,
        Kind.PARTICIPANT_REMOVED,
        chat.ChatParticipantRemoved,
    ),
    EventType(
        Name.AcsChatTypingIndicatorReceivedInThreadEventName.value, CHAT_THREAD, Kind.TYPING_RECEIVED, chat.ChatMessage
    ),
    EventType(
        Name.AcsChatAzureBotCommandReceivedInThreadEventName.value,
        CHAT_THREAD,
        Kind.BOT_COMMAND_RECEIVED,
        chat.ChatMessage,
    ),
)

EVENT_TYPES = {row.name: row for row in _ROWS}
_BY_LOWER = {name.lower(): event_type for name, event_type in EVENT_TYPES.items()}


def find(name: str) -> EventType | None:
    """Find the catalogue's row for an event type, without regard to case as Event Grid's own filters."""
    return EVENT_TYPES.get(name) or _BY_LOWER.get(name.lower())
