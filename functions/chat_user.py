"""The function for user-level chat events, which ACS sends once per recipient."""

import azure.functions as func

from shared.catalogue import CHAT_USER
from shared.sink import receive

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # azure-functions leaves it untyped


# `str`, not `EventGridEvent`: the worker then passes on the raw JSON text of either schema, unchanged.
@blueprint.function_name(CHAT_USER.function)
@blueprint.event_grid_trigger(arg_name="event")
async def chat_user_events(event: str) -> None:
    """Record one event; an exception makes Event Grid redeliver it."""
    await receive(event, function=CHAT_USER.function)
