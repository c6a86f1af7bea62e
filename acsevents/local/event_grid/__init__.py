"""A stand-in for Azure Event Grid on 127.0.0.1 that filters, batches, retries and dead-letters as the service does.

It supports only what the event subscriptions of `infra/subscriptions.json` use. It deliberately differs from the
service. One topic accepts both schemas, and undelivered events are lost when it stops. Dead letters are written at
once instead of after five minutes, and a failing endpoint is not put on probation.
"""

from acsevents.local.event_grid.chaos import Chaos
from acsevents.local.event_grid.delivery import Notice
from acsevents.local.event_grid.server import EventGrid, NotDrained
from acsevents.local.event_grid.topic import LOCAL_KEY, LOCAL_TOPIC

__all__ = ["LOCAL_KEY", "LOCAL_TOPIC", "Chaos", "EventGrid", "NotDrained", "Notice"]
