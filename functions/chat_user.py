"""The function that takes user-level chat events: once per recipient."""

import azure.functions as func

from shared.catalogue import CHAT_USER
from shared.sink import receive

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # azure-functions leaves it untyped


# `str`, not EventGridEvent: the worker then hands over the raw JSON of either schema, untouched.
@blueprint.function_name(CHAT_USER.function)
@blueprint.event_grid_trigger(arg_name="event")
async def chat_user_events(event: str) -> None:
    """Keep one event; an exception makes Event Grid deliver it again."""
    await receive(event, function=CHAT_USER.function)
