"""The function for SMS events: received messages and delivery reports."""

import azure.functions as func

from shared.catalogue import SMS
from shared.sink import receive

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # azure-functions leaves it untyped


# `str`, not `EventGridEvent`: the worker then passes on the raw JSON text of either schema, unchanged.
@blueprint.function_name(SMS.function)
@blueprint.event_grid_trigger(arg_name="event")
async def sms_events(event: str) -> None:
    """Record one event; an exception makes Event Grid redeliver it."""
    await receive(event, function=SMS.function)
