"""A function app with one function per way of taking an event; each notes what it was given in `RECEIVED`."""

import asyncio
import logging
import time

import azure.functions as func

app = func.FunctionApp()
RECEIVED: list[tuple[str, object]] = []
_together = asyncio.Event()


def _trouble(event: func.EventGridEvent) -> None:
    RECEIVED.append(("eg_sync", event))
    data = event.get_json()
    if isinstance(data, dict) and "raise" in data:
        raise ValueError(data["raise"])


@app.event_grid_trigger(arg_name="event")
def eg_sync(event: func.EventGridEvent) -> None:
    """Takes the decoded object in a thread; fails when the data says so."""
    _trouble(event)


@app.event_grid_trigger(arg_name="event")
async def eg_text(event: str) -> None:
    """Takes the JSON text."""
    RECEIVED.append(("eg_text", event))


@app.event_grid_trigger(arg_name="event")
async def eg_bytes(event: bytes) -> None:
    """Takes the JSON text too, whatever its annotation says."""
    RECEIVED.append(("eg_bytes", event))


@app.event_grid_trigger(arg_name="event")
async def eg_plain(event) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001  being un-annotated is its point
    """Takes whatever azure-functions makes of the event."""
    RECEIVED.append(("eg_plain", event))


@app.event_grid_trigger(arg_name="event")
async def eg_returns(event: str) -> str:
    """Returns something, though there is no binding to take it."""
    return event


@app.event_grid_trigger(arg_name="event")
async def eg_together(event: str) -> None:
    """Ends when three invocations are running at once, and never before."""
    RECEIVED.append(("eg_together", event))
    if sum(name == "eg_together" for name, _ in RECEIVED) == 3:
        _together.set()
    async with asyncio.timeout(30):
        await _together.wait()


@app.event_grid_trigger(arg_name="event")
def eg_slow(event: str) -> None:
    """Takes a second in a thread."""
    logging.getLogger("vector_app").info("eg_slow started")
    time.sleep(1)
    logging.getLogger("vector_app").info("eg_slow finished")
    RECEIVED.append(("eg_slow", event))
