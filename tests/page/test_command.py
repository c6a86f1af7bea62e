"""`acsevents page` as it is started: its address, its end, and what it says where it cannot start."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from acsevents.local.azurite import Azurite
from acsevents.local.ports import listening
from acsevents.page.run import _writing_to
from acsevents.page.site import Local
from acsevents.running import Running, owned
from shared.storage.connection_string import parse_connection_string

ROOT = Path(__file__).parents[2]
SECONDS = 60
OTHER = "DefaultEndpointsProtocol=https;AccountName=contoso;AccountKey=c2VjcmV0;EndpointSuffix=core.windows.net"


@asynccontextmanager
async def started(folder: Path, *options: str, **environment: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start the command in a folder, and end it if it has not ended."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "acsevents", "page", *options),
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(SECONDS):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()


async def address_of(process: asyncio.subprocess.Process) -> str:
    """Read the address that is printed."""
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().removeprefix("the page is at ").strip()


async def test_its_address_opens_it_until_ctrl_c(tmp_path: Path, azurite: Azurite) -> None:
    """It ends at once and well, though a tab listens; started again, the same key opens it."""
    async with (
        started(tmp_path, "--port", "0", EventTables=azurite.connection_string) as process,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
    ):
        address = await address_of(process)
        async with browser.get(address) as answer:
            shown = (answer.status, await answer.text())
        await browser.get(address.partition("?")[0] + "stream")
        process.send_signal(signal.SIGINT)
        _, errors = await process.communicate()
    async with started(tmp_path, "--port", "0", EventTables=azurite.connection_string) as again:
        key = (await address_of(again)).partition("key=")[2]

    assert shown[0] == 200
    assert azurite.connection_string.partition("TableEndpoint=")[2].strip(";") in shown[1]
    assert (process.returncode, errors.decode()) == (0, "")
    assert address.endswith(key)
    assert (tmp_path / ".local" / "page-key").read_text() == key


async def test_a_taken_port_is_named_with_the_option(tmp_path: Path, azurite: Azurite) -> None:
    """As for the ports of `acsevents up`."""
    async with listening(web.Application(), 0, patience=0) as url:
        port = url.rpartition(":")[2]
        async with started(tmp_path, "--port", port, EventTables=azurite.connection_string) as process:
            _, errors = await process.communicate()

    assert process.returncode == 1
    assert f"port {port} cannot be used" in errors.decode()
    assert "--port" in errors.decode()


async def test_without_an_account_it_names_the_setting(tmp_path: Path) -> None:
    """As the other commands do."""
    async with started(tmp_path, "--port", "0") as process:
        _, errors = await process.communicate()

    assert process.returncode == 2
    assert "EventTables" in errors.decode()


async def test_tables_that_are_out_of_reach_are_told_in_the_page(tmp_path: Path) -> None:
    """The page opens and says what to do, and says so in every view."""
    nowhere = OTHER.replace("https", "http").replace(
        "EndpointSuffix=core.windows.net", "TableEndpoint=http://127.0.0.1:1"
    )
    async with (
        started(tmp_path, "--port", "0", EventTables=nowhere) as process,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as browser,
    ):
        address = await address_of(process)
        async with browser.get(address) as answer:
            shown = (answer.status, await answer.text())

    assert shown[0] == 200  # the frame is sent before the tables are asked
    assert "no tables at http://127.0.0.1:1: start them with `make up`" in shown[1]


def test_it_sends_only_to_the_stack_whose_tables_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of a real account must not offer to send to a topic that fills other tables."""
    monkeypatch.chdir(tmp_path)
    tables = "UseDevelopmentStorage=true"
    with owned(Path(".local")) as announce:
        announce(Running(os.getpid(), "http://127.0.0.1:1/api/events", tables, "http://127.0.0.1:2"))
        own, other = (_writing_to(parse_connection_string(one)) for one in (tables, OTHER))
    stopped = _writing_to(parse_connection_string(tables))

    assert own == Local("http://127.0.0.1:1/api/events", "http://127.0.0.1:2")
    assert (other, stopped) == (None, None)
