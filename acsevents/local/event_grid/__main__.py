"""Run the Event Grid stand-in until interrupted: `python -m acsevents.local.event_grid --webhook URL ...`."""

import argparse
import asyncio
import dataclasses
import signal
import sys
from pathlib import Path

from acsevents.local.event_grid import LOCAL_KEY, Chaos, DeclarationError, EventGrid, HandshakeError, load


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="acsevents.local.event_grid", description=__doc__)
    parser.add_argument("--webhook", required=True, metavar="URL", help="base URL of the Functions host")
    parser.add_argument("--port", type=int, default=7072, help="port of the topic on 127.0.0.1 (default: %(default)s)")
    parser.add_argument("--key", default=LOCAL_KEY, help="access key of the topic (default: a public one)")
    parser.add_argument(
        "--subscriptions",
        type=Path,
        default=Path("infra/subscriptions.json"),
        metavar="FILE",
        help="event subscription declarations (default: %(default)s)",
    )
    parser.add_argument(
        "--dead-letter-folder", type=Path, required=True, metavar="DIR", help="for undeliverable events"
    )
    parser.add_argument(
        "--time-scale",
        type=float,
        default=1.0,
        metavar="FACTOR",
        help="on the retry schedule (default: real time)",
    )
    for switch in dataclasses.fields(Chaos):
        if switch.init:
            flag, kind = f"--{switch.name.replace('_', '-')}", type(switch.default)
            parser.add_argument(
                flag, type=kind, default=switch.default, help="of the chaos switches (default: %(default)s)"
            )
    return parser.parse_args()


async def _run(arguments: argparse.Namespace) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    switches = {switch.name: getattr(arguments, switch.name) for switch in dataclasses.fields(Chaos) if switch.init}
    async with EventGrid.start(
        subscriptions=load(arguments.subscriptions),
        webhook=arguments.webhook,
        dead_letter_folder=arguments.dead_letter_folder,
        port=arguments.port,
        key=arguments.key,
        time_scale=arguments.time_scale,
        chaos=Chaos(**switches),
    ) as grid:
        print(f"Event Grid stand-in: {grid.endpoint}  key: {grid.key}", flush=True)
        await grid.until(stop)
    counts = " ".join(f"{name}={value}" for name, value in dataclasses.asdict(grid.counts).items())
    print(f"{counts} undelivered={grid.counts.under_way}", flush=True)


if __name__ == "__main__":
    try:
        asyncio.run(_run(_arguments()))
    except (DeclarationError, HandshakeError, ValueError, OSError) as problem:
        sys.exit(f"error: {problem}")
