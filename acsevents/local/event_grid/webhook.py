"""Client of the Event Grid webhook of the Functions host: one validation handshake, then deliveries.

https://learn.microsoft.com/azure/event-grid/end-point-validation-event-grid-events-schema
https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema
https://learn.microsoft.com/azure/event-grid/delivery-properties
"""

import io
import json
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime

import aiohttp
from yarl import URL

from acsevents.local import LocalStackError
from acsevents.local.event_grid.batches import Pending
from acsevents.local.event_grid.schedule import TIMED_OUT, Outcome, answered
from acsevents.local.event_grid.topic import LOCAL_TOPIC
from acsevents.subscriptions import EventSubscription

ORIGIN = "eventgrid.azure.net"
_OK = 200


class Webhook:
    """The endpoint of one event subscription.

    Args:
        session: the HTTP session; its time-out limits the time to respond.
        host: base URL of the Functions host.
        subscription: names the function, and determines schema and batching.
    """

    def __init__(self, session: aiohttp.ClientSession, host: str, subscription: EventSubscription) -> None:
        self._session = session
        self._name = subscription.name
        self._schema = subscription.policy.event_delivery_schema
        self._batched = subscription.policy.max_events_per_batch > 1
        self._url = URL(host) / "runtime/webhooks/EventGrid" % {"functionName": subscription.function}

    async def validate(self) -> None:
        """Perform the validation handshake of the delivery schema.

        Raises:
            LocalStackError: the webhook is unreachable or fails the validation.
        """
        shake = self._validate_event_grid if self._schema == "EventGridSchema" else self._validate_cloud_events
        try:
            problem = await shake()
        except (aiohttp.ClientError, TimeoutError) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            raise LocalStackError(
                f"event subscription {self._name!r}: {self._url} failed the validation handshake ({problem}); "
                "start the Functions host there, with the function of the subscription"
            )

    async def _validate_event_grid(self) -> str:
        code = str(uuid.uuid4()).upper()
        event = {
            "id": str(uuid.uuid4()),
            "topic": LOCAL_TOPIC,
            "subject": "",
            "data": {"validationCode": code},
            "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
            "eventTime": datetime.now(UTC).isoformat(),
            "metadataVersion": "1",
            "dataVersion": "2",
        }
        headers = self._headers("SubscriptionValidation", attempts=0, version="2")
        async with self._session.post(self._url, data=json.dumps([event]), headers=headers) as response:
            text = await response.text(errors="replace")
        if response.status != _OK:  # 202 is not accepted here
            return f"answered {response.status} instead of 200"
        try:  # the Functions host answers JSON as text/plain, so the content type says nothing
            echoed = json.loads(text)["validationResponse"]
        except (ValueError, LookupError, TypeError):
            echoed = None
        return "" if echoed == code else "did not echo the validation code as `validationResponse`"

    async def _validate_cloud_events(self) -> str:
        async with self._session.options(self._url, headers={"WebHook-Request-Origin": ORIGIN}) as response:
            allowed = response.headers.get("WebHook-Allowed-Origin")
        if response.status != _OK:
            return f"answered {response.status} instead of 200"
        return "" if allowed in (ORIGIN, "*") else f"allowed origin {allowed!r} instead of {ORIGIN!r}"

    async def post(self, batch: Sequence[Pending]) -> Outcome:
        """Deliver a batch once and return the outcome; network errors and time-outs are outcomes too."""
        first = batch[0]
        headers = self._headers("Notification", attempts=first.attempts, version=first.event.version)
        body = b"[" + b",".join(pending.event.text for pending in batch) + b"]"
        if first.event.schema == "CloudEventSchemaV1_0":
            kind = "cloudevents-batch" if self._batched else "cloudevents"
            headers["Content-Type"] = f"application/{kind}+json; charset=utf-8"
            headers["aeg-metadata-version"] = headers.pop("aeg-data-version")
            body = body if self._batched else first.event.text
        try:  # BytesIO, since aiohttp warns about bytes over 1 MiB, which an event can reach
            async with self._session.post(
                self._url, data=io.BytesIO(body), headers=headers, allow_redirects=False
            ) as response:
                await response.read()
            return answered(response.status)
        except TimeoutError:
            return TIMED_OUT
        except aiohttp.ClientError:
            return Outcome("SocketError")

    def _headers(self, event_type: str, *, attempts: int, version: str) -> dict[str, str]:
        return {
            "Content-Type": "application/json; charset=utf-8",
            "aeg-event-type": event_type,
            "aeg-subscription-name": self._name.upper(),
            "aeg-delivery-count": str(attempts),
            "aeg-metadata-version": "1",
            "aeg-data-version": "".join(char for char in version if "\x20" <= char < "\x7f"),  # it is the publisher's
            "aeg-output-event-id": str(uuid.uuid4()),
        }
