"""A stand-in for the Functions host on 127.0.0.1: `python -m acsevents.local.host` serves what `func start` would.

It indexes the real function_app.py with azure-functions and answers Event Grid's webhook calls. It supports no other
triggers, no output bindings and no keys.
"""

import asyncio
import logging
import os
import sys
import traceback
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

from acsevents.local import LocalStackError
from acsevents.local.lifetime import Lifetime
from acsevents.local.ports import listening
from acsevents.local.webhook import Webhook
from acsevents.local.worker import index
from acsevents.settings import load_settings
from shared.errors import SettingsError

_LARGEST_REQUEST = 100 * 1024 * 1024
_DRAIN_SECONDS = 30.0  # Event Grid waits no longer for an answer
_FUNCTIONS = web.AppKey("functions", list[str])
# Without typer's own tracebacks: some versions print local variables, which may hold events.
_command = typer.Typer(pretty_exceptions_enable=False, add_completion=False)


def application(script_root: Path) -> web.Application:
    """Index the function app in a folder and return its host; raise `LocalStackError` as `index` does."""
    functions = index(script_root)
    app = web.Application(client_max_size=_LARGEST_REQUEST)
    app[_FUNCTIONS] = list(functions)
    app.add_routes(Webhook(functions).routes())
    return app


def webhook(url: str, function: str) -> str:
    """Return the webhook URL of a function at a host's URL, to which Event Grid delivers its events."""
    return f"{url}/runtime/webhooks/EventGrid?functionName={function}"


@_command.command()
def main(
    script_root: Annotated[Path, typer.Option(help="Folder of function_app.py.")] = Path(),
    port: Annotated[int, typer.Option(help="0 for a free one.")] = 7071,
    *,
    reuse_port: Annotated[bool, typer.Option("--reuse-port", help="Share the port with other such processes.")] = False,
) -> None:
    """Serve a function app's Event Grid functions until SIGINT or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s] %(levelname)s %(name)s: %(message)s")
    try:
        load_settings(script_root)
        asyncio.run(_serve_until_signalled(application(script_root), port, reuse_port=reuse_port))
    except (LocalStackError, SettingsError) as error:
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    # Exit at once, as the real host ends its workers, without waiting for connections that the app keeps open.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(0)


async def _serve_until_signalled(app: web.Application, port: int, *, reuse_port: bool) -> None:
    lifetime = Lifetime()
    async with listening(app, port, patience=_DRAIN_SECONDS, reuse_port=reuse_port) as url:
        for name in app[_FUNCTIONS]:
            print(f"{name}: {webhook(url, name)}", flush=True)
        await lifetime.end()


if __name__ == "__main__":
    _command()
