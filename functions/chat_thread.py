"""The function that takes thread-level chat events: once per thread."""

import azure.functions as func

from shared.catalogue import CHAT_THREAD
from shared.sink import receive

blueprint = func.Blueprint()  # type: ignore[no-untyped-call]  # azure-functions leaves it untyped


# `str`, not EventGridEvent: the worker then hands over the raw JSON of either schema, untouched.
@blueprint.function_name(CHAT_THREAD.function)
@blueprint.event_grid_trigger(arg_name="event")
async def chat_thread_events(event: str) -> None:
    """Keep one event; an exception makes Event Grid deliver it again."""
    await receive(event, function=CHAT_THREAD.function)
