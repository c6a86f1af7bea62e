"""Stands in for the Functions host on 127.0.0.1: `python -m acsevents.local.host` serves what `func start` would.

It indexes the real function_app.py with azure-functions and answers Event Grid's webhook calls and
`POST /admin/functions/<name>`; it knows no other triggers, no output bindings and no keys.
"""

import argparse
import asyncio
import errno
import logging
import os
import sys
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from acsevents.local import LocalStackError
from acsevents.local.lifetime import Lifetime
from acsevents.local.newtonsoft import Unreadable, compact, read
from acsevents.local.webhook import Webhook
from acsevents.local.worker import Worker, index
from acsevents.settings import load_settings
from shared.errors import SettingsError

_LARGEST_REQUEST = 100 * 1024 * 1024
_DRAIN_SECONDS = 30.0  # Event Grid waits no longer for an answer
_WORKER = web.AppKey("worker", Worker)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Host:
    """A host that is listening.

    Attributes:
        url: its address, without a slash at the end.
        functions: names of the Event Grid functions it serves.
    """

    url: str
    functions: tuple[str, ...]

    def webhook(self, function: str) -> str:
        """The URL to which Event Grid delivers a function's events."""
        return f"{self.url}/runtime/webhooks/EventGrid?functionName={function}"


def application(script_root: Path) -> web.Application:
    """Index the function app in a folder and make the host for it; raises `LocalStackError` as `index` does."""
    worker = Worker(index(script_root))
    app = web.Application(client_max_size=_LARGEST_REQUEST)
    app[_WORKER] = worker
    app.add_routes([*Webhook(worker).routes(), web.post("/admin/functions/{name}", _invoke)])
    app.on_shutdown.append(_drain)
    return app


@asynccontextmanager
async def serve(app: web.Application, port: int = 0, *, reuse_port: bool = False) -> AsyncIterator[Host]:
    """Listen on 127.0.0.1 while in the context; leaving it lets running invocations finish for at most 30 s.

    Args:
        app: from `application`.
        port: 0 for a free one.
        reuse_port: share the port with other processes that say so too.

    Raises:
        LocalStackError: the port is taken.
    """
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, "127.0.0.1", port, reuse_port=reuse_port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            raise LocalStackError(f"port {port} is taken: name another with --port, or 0 for any") from None
        yield Host(f"http://127.0.0.1:{runner.addresses[0][1]}", tuple(app[_WORKER].functions))
    finally:
        await runner.cleanup()


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM, then exit; return 1 if the app cannot start."""
    parser = argparse.ArgumentParser(prog="python -m acsevents.local.host", description=__doc__)
    parser.add_argument("--script-root", type=Path, default=Path(), help="folder of function_app.py and host.json")
    parser.add_argument("--port", type=int, default=7071, help="0 for a free one")
    parser.add_argument("--reuse-port", action="store_true", help="share the port with other such processes")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="[%(asctime)s] %(levelname)s %(name)s: %(message)s")
    try:
        load_settings(options.script_root)
        app = application(options.script_root)
        asyncio.run(_serve_until_signalled(app, options.port, reuse_port=options.reuse_port))
    except (LocalStackError, SettingsError) as error:
        if error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        print(error, file=sys.stderr)
        return 1
    # As the real host ends its workers: at once. Connections that the app keeps open are nobody's to close,
    # and a thread that never ends would keep the interpreter from exiting.
    logging.shutdown()
    sys.stdout.flush()
    os._exit(1 if app[_WORKER].given_up else 0)


async def _serve_until_signalled(app: web.Application, port: int, *, reuse_port: bool) -> None:
    lifetime = Lifetime()
    async with serve(app, port, reuse_port=reuse_port) as host:
        for name in host.functions:
            print(f"{name}: {host.webhook(name)}", flush=True)
        await lifetime.end()


async def _drain(app: web.Application) -> None:
    await app[_WORKER].close(_DRAIN_SECONDS)
    if app[_WORKER].given_up:
        _log.error("%d invocations did not finish within %.0f s", app[_WORKER].given_up, _DRAIN_SECONDS)


async def _invoke(request: web.Request) -> web.Response:
    """Run a function once with `{"input": "<the event's JSON>"}`, in the background."""
    worker = request.app[_WORKER]
    function = worker.functions.get(request.match_info["name"])
    if function is None:
        return web.Response(status=404)
    try:
        match read((await request.read()).decode("utf-8-sig", "replace")):
            case {"input": str(text)}:
                pass
            case _:
                return web.Response(status=400)
    except Unreadable:
        return web.Response(status=400)
    try:
        event = read(text)
    except Unreadable as error:
        _log.error("Executed 'Functions.%s' (Failed): unreadable input: %s", function.name, error)
    else:
        worker.start(function, compact(event))
    return web.Response(status=202)


if __name__ == "__main__":
    sys.exit(main())
