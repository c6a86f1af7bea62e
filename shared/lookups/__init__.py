"""Queries of the tables: typed and streamed, for the command line and the web page."""

from shared.lookups.addresses import address
from shared.lookups.dead_letters import DeadLetter, DeadLetterLookups
from shared.lookups.handles import Handle
from shared.lookups.lines import EventLine
from shared.lookups.owners import Membership, Owner, OwnerLookups
from shared.lookups.records import Place, RecordedEvent, RecordLookups
from shared.lookups.report import DeliverySeconds, SmsReport
from shared.lookups.sms import SmsLookups
from shared.lookups.threads import ThreadLookups
from shared.lookups.timeline import EventQuery

__all__ = [
    "DeadLetter",
    "DeliverySeconds",
    "EventLine",
    "EventQuery",
    "Handle",
    "Lookups",
    "Membership",
    "Owner",
    "Place",
    "RecordedEvent",
    "SmsReport",
    "address",
]


class Lookups(OwnerLookups, SmsLookups, ThreadLookups, RecordLookups, DeadLetterLookups):
    """All queries of the tables of one storage account; use as an async context manager."""
