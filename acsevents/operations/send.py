"""Send events to an Event Grid topic, and tell which of them nobody takes."""

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
        sent: events that the topic has taken.
        requests: how many arrays they went in.
        unwanted: of these, the events of types that no subscription takes, by type.
    """

    sent: int = 0
    requests: int = 0
    unwanted: dict[str, int] = msgspec.field(default_factory=dict)


async def send(events: AsyncIterator[Event], subscriptions: list[EventSubscription], topic: Topic, sent: Sent) -> None:
    """Send events, all of them checked before the first is sent.

    Args:
        events: what to send.
        subscriptions: those of the topic.
        topic: where to send it.
        sent: what was sent so far; it counts up while this works.

    Raises:
        Unusable: an event cannot be sent; none is.
        Failure: the topic refused an array; those before it are sent.
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
                raise type(failure)(f"{failure}; {sent.sent} of {outbox.count} events are sent") from failure
            sent.sent += len(texts)
            sent.requests += 1
