"""Run `func start` of Azure Functions Core Tools, and a complete Azurite, which the host needs.

https://learn.microsoft.com/azure/azure-functions/functions-core-tools-reference
"""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Final

import aiohttp

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from acsevents.local.node import toolchain
from acsevents.local.ports import free_port

ROOT: Final = Path(__file__).parents[2]
DEPLOYED: Final = ("function_app.py", "functions", "shared", "host.json", "requirements.txt")
_START_SECONDS = 300.0  # the first start on a machine downloads the extension bundle
_STOP_SECONDS = 30.0


def real_app(folder: Path) -> Path:
    """Copy what is deployed, and nothing else."""
    for name in DEPLOYED:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    return folder


def vector_app(folder: Path) -> Path:
    """Copy the app that the vectors were recorded with, which writes its events to a file."""
    tests = ROOT / "tests"
    shutil.copy(tests / "local" / "vector_app" / "function_app.py", folder / "vectors.py")
    shutil.copy(tests / "func" / "noting_app.py", folder / "function_app.py")
    shutil.copy(ROOT / "host.json", folder / "host.json")
    return folder


@asynccontextmanager
async def func_host(folder: Path, probe: str, settings: Mapping[str, str]) -> AsyncIterator[str]:
    """Run the app in a folder until the context is left; yields the URL of the host once `probe` is there.

    Args:
        folder: with function_app.py and host.json; gets a local.settings.json and the host's log.
        probe: name of a function.
        settings: beside those that every Python app has.
    """
    values = {"FUNCTIONS_WORKER_RUNTIME": "python", **settings}
    (folder / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    port = free_port()
    with (folder / "func.log").open("wb") as log:
        process = subprocess.Popen(  # noqa: ASYNC220  starting does not wait
            ["func", "start", "--port", str(port)],
            cwd=folder,
            env=_environment(settings),
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # the host and its worker are stopped together
        )
    url = f"http://127.0.0.1:{port}"
    try:
        await _until_indexed(process, f"{url}/runtime/webhooks/EventGrid?functionName={probe}", folder / "func.log")
        yield url
    finally:
        _stop(process)


@contextmanager
def azurite(folder: Path) -> Iterator[str]:
    """Run blobs, queues and tables in memory; yield the connection string."""
    ports = {service: free_port() for service in ("blob", "queue", "table")}
    program = ROOT / "node_modules/azurite/dist/src/azurite.js"
    listen = [word for name, port in ports.items() for word in (f"--{name}Host=127.0.0.1", f"--{name}Port={port}")]
    manners = ["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"]
    process = subprocess.Popen(
        [toolchain().node, str(program), *listen, *manners],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    endpoints = "".join(f"{name.title()}Endpoint=http://127.0.0.1:{port}/{ACCOUNT};" for name, port in ports.items())
    try:
        yield f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};{endpoints}"
    finally:
        _stop(process)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without settings that would override local.settings.json, and with this Python."""
    ours = {name: value for name, value in os.environ.items() if name.partition("__")[0] not in settings}
    return {
        **ours,
        "VIRTUAL_ENV": sys.prefix,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "FUNCTIONS_CORE_TOOLS_TELEMETRY_OPTOUT": "1",
    }


async def _until_indexed(process: subprocess.Popen[bytes], webhook: str, log: Path) -> None:
    """Request the handshake of a function until it is no longer 404 or refused."""
    deadline = time.monotonic() + _START_SECONDS
    async with aiohttp.ClientSession() as session:
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(aiohttp.ClientError):
                async with session.options(webhook) as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.2)
    said = await asyncio.to_thread(log.read_text, errors="replace")
    raise AssertionError(f"`func start` did not get as far as the functions:\n{said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop a process and its children."""
    for number, seconds in ((signal.SIGINT, _STOP_SECONDS), (signal.SIGKILL, _STOP_SECONDS)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(seconds)
            break
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
