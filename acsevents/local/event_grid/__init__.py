"""A stand-in for Azure Event Grid on 127.0.0.1 that filters, batches, retries and dead-letters as the service does.

Different from the service, on purpose: one topic takes both schemas, undelivered events are lost when it
stops, dead letters are written at once instead of after five minutes, and a failing endpoint is not put on
probation.
"""

from acsevents.local.event_grid.access import LOCAL_KEY
from acsevents.local.event_grid.chaos import Chaos
from acsevents.local.event_grid.server import LOCAL_TOPIC, Counts, EventGrid, NotDrained
from acsevents.local.event_grid.subscriptions import DeclarationError, EventSubscription, load
from acsevents.local.event_grid.webhook import HandshakeError

__all__ = [
    "LOCAL_KEY",
    "LOCAL_TOPIC",
    "Chaos",
    "Counts",
    "DeclarationError",
    "EventGrid",
    "EventSubscription",
    "HandshakeError",
    "NotDrained",
    "load",
]
