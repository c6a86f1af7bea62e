"""Send events to an Event Grid topic, and report those that no subscription takes."""

from collections.abc import AsyncIterator

import msgspec

from acsevents.failures import Failure
from acsevents.local.event_grid.events import Event
from acsevents.local.event_grid.filters import wants
from acsevents.operations.outgoing import Outbox
from acsevents.publishing import Topic
from acsevents.subscriptions import EventSubscription


class Sent(msgspec.Struct):
    """What was sent.

    Attributes:
        sent: events that the topic accepted.
        requests: requests made for them.
        unwanted: accepted events that no subscription takes, by type.
    """

    sent: int = 0
    requests: int = 0
    unwanted: dict[str, int] = msgspec.field(default_factory=dict)


async def send(events: AsyncIterator[Event], subscriptions: list[EventSubscription], topic: Topic, sent: Sent) -> None:
    """Check all events, then send them.

    Args:
        events: what to send.
        subscriptions: the topic's subscriptions.
        topic: where to send it.
        sent: what was sent so far; it counts up while this works.

    Raises:
        Unusable: an event cannot be sent; no event was.
        Failure: the topic refused a request; the requests before it succeeded.
    """
    unwanted: dict[str, int] = {}
    with Outbox() as outbox:
        async for event in events:
            if not any(wants(subscription, event) for subscription in subscriptions):
                unwanted[event.type] = unwanted.get(event.type, 0) + 1
            outbox.add(event)
        sent.unwanted = unwanted
        for schema, texts in outbox.batches():
            try:
                await topic.post(schema, texts)
            except Failure as failure:
                if not sent.sent:
                    raise
                raise type(failure)(f"{failure}; {sent.sent} of {outbox.count} events were sent") from failure
            sent.sent += len(texts)
            sent.requests += 1
