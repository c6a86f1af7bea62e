"""`acsevents up`: run the whole system on this machine until Ctrl-C, and print a line for each delivery."""

import asyncio
import json
import os
import shlex
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.text import Text

from acsevents.local import LocalStackError
from acsevents.local.azurite import ACCOUNT
from acsevents.local.event_grid import EventGrid, NotDrained, Notice
from acsevents.local.host_process import last_line
from acsevents.local.lifetime import Lifetime
from acsevents.local.ports import require_free
from acsevents.local.stack import Ports, Stack, stack
from acsevents.page.key import key_of
from acsevents.page.server import serving
from acsevents.page.site import Local
from acsevents.running import FOLDER, Running, owned
from acsevents.samples import SAMPLES
from acsevents.text import escaped
from shared.storage.connection_string import parse_connection_string

_DRAIN_SECONDS = 20.0
_POLL_SECONDS = 0.2
_STYLES = {
    "delivered": ("delivered", "green"),
    "retried": ("retry", "yellow"),
    "dropped": ("dropped", "yellow"),
    "dead_lettered": ("dead letter", "red"),
    "discarded": ("discarded", "red"),
}


async def up(console: Console, folder: Path, ports: Ports) -> None:
    """Run the stack until Ctrl-C, then deliver the remaining events.

    Raises:
        LocalStackError: the folder or a port is in use, or a part does not start or stops.
    """
    with owned(folder) as announce:
        require_free("--host-port", ports.host)
        require_free("--topic-port", ports.topic)
        require_free("--page-port", ports.page)
        require_free("--azurite-port", ports.azurite, count=3)
        console.print("starting …")
        async with stack(folder, ports=ports, watch=lambda notice: _print_notice(console, notice)) as running:
            tables, local = running.azurite.connection_string, Local(running.grid.endpoint, running.hosts.url)
            async with serving(
                parse_connection_string(tables), key=key_of(folder), port=ports.page, local=local
            ) as page:
                lifetime = Lifetime()
                announce(Running(os.getpid(), local.topic, tables, local.host))
                _print_addresses(console, running, folder, page)
                await _run_then_deliver(lifetime, console, running)


async def _run_then_deliver(lifetime: Lifetime, console: Console, running: Stack) -> None:
    """Wait until the end of the lifetime, then deliver the events that were published."""
    try:
        await _run_until(lifetime, console, running)
        await _drain(console, running.grid)
    finally:
        if running.grid.under_way:
            console.print(f"dropped {running.grid.under_way} events that were not delivered", style="red")
        console.print("stopping …")


async def _run_until(lifetime: Lifetime, console: Console, running: Stack) -> None:
    """Wait until the end of the lifetime and print the host's warnings meanwhile; raise if a part stops."""
    end, failure = (asyncio.create_task(wait) for wait in (lifetime.end(), _part_failure(running)))
    warnings = asyncio.create_task(_print_warnings(console, running.hosts.log))
    try:
        await asyncio.wait({end, failure, warnings}, return_when=asyncio.FIRST_COMPLETED)
        for task in (failure, warnings):
            if task.done():
                task.result()
    finally:
        for task in (end, failure, warnings):
            task.cancel()


async def _part_failure(running: Stack) -> None:
    """Wait until a part stops, then raise with the last line of its log."""
    while True:
        parts = [("Azurite", running.azurite.process.poll(), running.azurite.log)]
        parts += [("the Functions host", process.returncode, running.hosts.log) for process in running.hosts.running]
        for name, code, log in parts:
            if code is not None:
                how = f"signal {-code}" if code < 0 else f"exit code {code}"
                raise LocalStackError(f"{name} died ({how}, log: {log}): {last_line(log)}")
        await asyncio.sleep(_POLL_SECONDS)


async def _drain(console: Console, grid: EventGrid) -> None:
    """Wait until all events are delivered, but not for more than some seconds or beyond the next Ctrl-C."""
    if not grid.under_way:
        return
    console.print(f"delivering {grid.under_way} events that were published; Ctrl-C again drops them")
    again = asyncio.create_task(Lifetime().end())
    drained = asyncio.create_task(grid.drain(_DRAIN_SECONDS))
    await asyncio.wait({again, drained}, return_when=asyncio.FIRST_COMPLETED)
    again.cancel()
    drained.cancel()
    with suppress(NotDrained, asyncio.CancelledError):
        await drained


def _print_addresses(console: Console, running: Stack, folder: Path, page: str) -> None:
    script = Path(sys.executable).with_name("acsevents")  # exists after `make setup`
    acsevents = _relative(script) if script.exists() else f"{_relative(Path(sys.executable))} -m acsevents"
    report = json.loads((SAMPLES / "2025" / "SMSDeliveryReportReceived.json").read_text(encoding="utf-8"))[0]["data"]
    exports = [
        f"export EventTables='{running.azurite.connection_string}'",
        f"export EVENT_GRID_ENDPOINT='{running.grid.endpoint}'",
    ]
    commands = [
        f"{acsevents} send {_relative(SAMPLES)}/2025/*.json",
        f"{acsevents} sms {report['from']} {report['messageId']}",
        f"{acsevents} dead-letters",
    ]
    here = folder.resolve() == FOLDER.resolve()
    lines = [
        f"the page             {page}",
        f"Event Grid topic     {running.grid.endpoint}",
        f"Functions host       {running.hosts.url}/runtime/webhooks/EventGrid?functionName=…",
        f"Azurite tables       http://127.0.0.1:{running.azurite.port}/{ACCOUNT}",
        f"logs, dead letters   {folder}/",
        *("", "In another terminal, in this folder:"),
        *(() if here else exports),
        *commands,
        *(("", "For other programs and folders:", *exports) if here else ()),
        *("", "Ctrl-C delivers the events that were published, then stops everything."),
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True, emoji=False)


def _relative(path: Path) -> str:
    """Return a path for a shell in the current folder."""
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def _print_notice(console: Console, notice: Notice) -> None:
    what, style = _STYLES[notice.what]
    event = notice.event
    line = Text.assemble(
        _clock(),
        (f"{what:<13}", style),
        f"{notice.subscription:<20}",
        escaped(f"{event.type.rpartition('.')[2]}  {event.id}"),
        "" if notice.what == "delivered" else f"  {notice.detail}",
    )
    console.print(line, soft_wrap=True)


def _clock() -> tuple[str, str]:
    return f"{datetime.now():%H:%M:%S}  ", "dim"  # noqa: DTZ005  # local time


async def _print_warnings(console: Console, log: Path) -> None:
    """Print the app's warnings, such as its dead letters, which are successful deliveries for Event Grid."""
    async for line in _new_lines(log):
        if " WARNING " in line or " ERROR " in line:
            what, said = ("function app", "yellow"), escaped(line.partition(": ")[2])
            console.print(Text.assemble(_clock(), what, "           ", said), soft_wrap=True)


async def _new_lines(log: Path) -> AsyncIterator[str]:
    with log.open("rb") as file:
        file.seek(0, os.SEEK_END)
        begun = b""
        while True:
            *lines, begun = (begun + file.read()).split(b"\n")
            for line in lines:
                yield line.decode(errors="replace")
            await asyncio.sleep(_POLL_SECONDS)
