"""A function app that appends its input to `RECEIVED`; the vectors call `eg_sync`."""

import asyncio
import json
import logging

import azure.functions as func

app = func.FunctionApp()
RECEIVED: list[tuple[str, str]] = []
_together = asyncio.Event()


@app.event_grid_trigger(arg_name="event")
async def eg_sync(event: str) -> None:
    """Fail if the event's data says so."""
    RECEIVED.append(("eg_sync", event))
    data = json.loads(event).get("data")
    if isinstance(data, dict) and "raise" in data:
        raise ValueError(data["raise"])


@app.event_grid_trigger(arg_name="event")
async def eg_text(event: str) -> None:
    """Accept anything."""
    RECEIVED.append(("eg_text", event))


@app.event_grid_trigger(arg_name="event")
async def eg_returns(event: str) -> str:
    """Return a value, although there is no output binding."""
    return event


@app.event_grid_trigger(arg_name="event")
async def eg_together(event: str) -> None:
    """Wait until three invocations are running at once."""
    RECEIVED.append(("eg_together", event))
    if sum(name == "eg_together" for name, _ in RECEIVED) == 3:
        _together.set()
    async with asyncio.timeout(30):
        await _together.wait()


@app.event_grid_trigger(arg_name="event")
async def eg_slow(event: str) -> None:
    """Take a second."""
    logging.getLogger("vector_app").info("eg_slow started")
    await asyncio.sleep(1)
    logging.getLogger("vector_app").info("eg_slow finished")
    RECEIVED.append(("eg_slow", event))
