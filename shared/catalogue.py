"""The catalogue: every event type that is recorded, and its tables. A new type is one row here and one sample.

The names are the vendor's. A test compares them with `azure.eventgrid.SystemEventNames`; importing that package here
would cost a cold start more than the whole app does.
"""

from typing import NamedTuple

from shared.events.event import Kind
from shared.events.payloads import Payload, chat_messages, chat_participants, chat_threads, sms


class Family(NamedTuple):
    """The events that one function receives and that share their tables.

    Attributes:
        function: name of the function that Event Grid delivers them to.
        table: table with one row per event, newest first.
        owner: name of the fact that becomes the PartitionKey: the number, user or thread that the event belongs to.
        message_table: table with the same rows in order of their message, for families that have one.
    """

    function: str
    table: str
    owner: str
    message_table: str | None = None


SMS = Family("sms_events", "SmsEvents", "number", "SmsMessages")
CHAT_USER = Family("chat_user_events", "ChatUserEvents", "recipient_id")
CHAT_THREAD = Family("chat_thread_events", "ChatThreadEvents", "thread_id")
FAMILIES = (SMS, CHAT_USER, CHAT_THREAD)

TIMELINE = "Timeline"
DEAD_LETTERS = "DeadLetters"
TABLES = (
    *(table for family in FAMILIES for table in (family.table, family.message_table) if table),
    TIMELINE,
    DEAD_LETTERS,
)


class EventType(NamedTuple):
    """One row of the catalogue.

    Attributes:
        name: the full event type, as the vendor spells it.
        family: decides the function and the tables.
        kind: value of the `Kind` column.
        payload: model of the event's `data`.
    """

    name: str
    family: Family
    kind: Kind
    payload: type[Payload]

    @property
    def key_facts(self) -> tuple[str, ...]:
        """Names of the facts that the row keys are built from; an event that lacks one cannot be recorded."""
        return (self.family.owner, "message_id") if self.family.message_table else (self.family.owner,)


_ROWS = (
    EventType("Microsoft.Communication.SMSReceived", SMS, Kind.SMS_RECEIVED, sms.SmsReceived),
    EventType(
        "Microsoft.Communication.SMSDeliveryReportReceived", SMS, Kind.SMS_DELIVERY_REPORT, sms.SmsDeliveryReport
    ),
    EventType(
        "Microsoft.Communication.ChatMessageReceived", CHAT_USER, Kind.MESSAGE_RECEIVED, chat_messages.ChatMessage
    ),
    EventType(
        "Microsoft.Communication.ChatMessageEdited", CHAT_USER, Kind.MESSAGE_EDITED, chat_messages.ChatMessageEdited
    ),
    EventType(
        "Microsoft.Communication.ChatMessageDeleted", CHAT_USER, Kind.MESSAGE_DELETED, chat_messages.ChatMessageDeleted
    ),
    EventType(
        "Microsoft.Communication.ChatThreadCreatedWithUser",
        CHAT_USER,
        Kind.THREAD_CREATED,
        chat_threads.ChatThreadCreated,
    ),
    EventType(
        "Microsoft.Communication.ChatThreadPropertiesUpdatedPerUser",
        CHAT_USER,
        Kind.THREAD_UPDATED,
        chat_threads.ChatThreadPropertiesUpdated,
    ),
    EventType(
        "Microsoft.Communication.ChatThreadWithUserDeleted",
        CHAT_USER,
        Kind.THREAD_DELETED,
        chat_threads.ChatThreadDeleted,
    ),
    EventType(
        "Microsoft.Communication.ChatParticipantAddedToThreadWithUser",
        CHAT_USER,
        Kind.PARTICIPANT_ADDED,
        chat_participants.ChatParticipantAdded,
    ),
    EventType(
        "Microsoft.Communication.ChatParticipantRemovedFromThreadWithUser",
        CHAT_USER,
        Kind.PARTICIPANT_REMOVED,
        chat_participants.ChatParticipantRemoved,
    ),
    # The two names of 2020: the documentation dropped them in 2021, but no retirement was announced.
    EventType(
        "Microsoft.Communication.ChatMemberAddedToThreadWithUser",
        CHAT_USER,
        Kind.PARTICIPANT_ADDED,
        chat_participants.ChatParticipantAdded,
    ),
    EventType(
        "Microsoft.Communication.ChatMemberRemovedFromThreadWithUser",
        CHAT_USER,
        Kind.PARTICIPANT_REMOVED,
        chat_participants.ChatParticipantRemoved,
    ),
    EventType(
        "Microsoft.Communication.ChatMessageReceivedInThread",
        CHAT_THREAD,
        Kind.MESSAGE_RECEIVED,
        chat_messages.ChatMessage,
    ),
    EventType(
        "Microsoft.Communication.ChatMessageEditedInThread",
        CHAT_THREAD,
        Kind.MESSAGE_EDITED,
        chat_messages.ChatMessageEdited,
    ),
    EventType(
        "Microsoft.Communication.ChatMessageDeletedInThread",
        CHAT_THREAD,
        Kind.MESSAGE_DELETED,
        chat_messages.ChatMessageDeleted,
    ),
    EventType(
        "Microsoft.Communication.ChatThreadCreated", CHAT_THREAD, Kind.THREAD_CREATED, chat_threads.ChatThreadCreated
    ),
    EventType(
        "Microsoft.Communication.ChatThreadPropertiesUpdated",
        CHAT_THREAD,
        Kind.THREAD_UPDATED,
        chat_threads.ChatThreadPropertiesUpdated,
    ),
    EventType(
        "Microsoft.Communication.ChatThreadDeleted", CHAT_THREAD, Kind.THREAD_DELETED, chat_threads.ChatThreadDeleted
    ),
    EventType(
        "Microsoft.Communication.ChatThreadParticipantAdded",
        CHAT_THREAD,
        Kind.PARTICIPANT_ADDED,
        chat_participants.ChatParticipantAdded,
    ),
    EventType(
        "Microsoft.Communication.ChatThreadParticipantRemoved",
        CHAT_THREAD,
        Kind.PARTICIPANT_REMOVED,
        chat_participants.ChatParticipantRemoved,
    ),
    EventType(
        "Microsoft.Communication.ChatTypingIndicatorReceivedInThread",
        CHAT_THREAD,
        Kind.TYPING_RECEIVED,
        chat_messages.ChatMessage,
    ),
    EventType(
        "Microsoft.Communication.ChatAzureBotCommandReceivedInThread",
        CHAT_THREAD,
        Kind.BOT_COMMAND_RECEIVED,
        chat_messages.ChatMessage,
    ),
)

EVENT_TYPES = {row.name: row for row in _ROWS}
_BY_LOWER = {name.lower(): event_type for name, event_type in EVENT_TYPES.items()}


def find(name: str) -> EventType | None:
    """Return the row of an event type, or None if it is unknown. Like Event Grid's own filters, ignore case."""
    return EVENT_TYPES.get(name) or _BY_LOWER.get(name.lower())
