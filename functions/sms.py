"""The function that takes SMS events: received messages and delivery reports."""

import azure.functions as func

from shared.catalogue import SMS
from shared.sink import receive

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # azure-functions leaves it untyped


# `str`, not EventGridEvent: the worker then hands over the raw JSON of either schema, untouched.
@blueprint.function_name(SMS.function)
@blueprint.event_grid_trigger(arg_name="event")
async def sms_events(event: str) -> None:
    """Keep one event; an exception makes Event Grid deliver it again."""
    await receive(event, function=SMS.function)
