"""`acsevents up`, run in one terminal while other commands run in another."""

import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest

from acsevents.local import LocalStackError
from acsevents.local.ports import require_free
from tests import samples

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
SECONDS = 120
READY = "then stops everything"
# Python's own start is not ours to make quiet, so a test must know when it is over.
BEGUN = """
import signal
signal.signal(signal.SIGINT, signal.SIG_DFL)
print("begun", flush=True)
from acsevents.__main__ import main
main()
"""


class Terminal:
    """A terminal in which `acsevents up` runs.

    Attributes:
        printed: what it printed so far.
        errors: what it printed on the error stream, once it has ended.
    """

    def __init__(self, process: asyncio.subprocess.Process, folder: Path) -> None:
        self.process = process
        self.folder = folder
        self.printed = ""
        self.errors = ""

    async def shows(self, words: str) -> None:
        """Read until a text is printed."""
        assert self.process.stdout is not None
        async with asyncio.timeout(SECONDS):
            while words not in self.printed:
                line = (await self.process.stdout.readline()).decode()
                assert line, self.printed
                self.printed += line

    def part(self, command: str) -> int:
        """Return the process id of a part."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", command], capture_output=True, text=True, check=True
        )
        return int(found.stdout)

    async def ends(self) -> int | None:
        """Wait for its end; return its exit code."""
        async with asyncio.timeout(SECONDS):
            out, errors = await self.process.communicate()
        self.printed += out.decode()
        self.errors = errors.decode()
        return self.process.returncode

    async def runs(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in another terminal in the same folder."""
        return await asyncio.to_thread(
            subprocess.run,
            ["sh", "-c", command],
            cwd=self.folder,
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )


def options() -> list[str]:
    """Return options for six consecutive ports that are free and outside the range of outgoing connections."""
    while True:
        first = random.randrange(20_000, 30_000)
        try:
            require_free("", first, count=6)
        except LocalStackError:
            continue
        names = ("--host-port", "--topic-port", "--page-port")
        chosen = [part for number, name in enumerate(names, 3) for part in (name, str(first + number))]
        return [*chosen, "--azurite-port", str(first)]


async def page_at(address: str) -> str:
    """Open an address as a browser does."""
    jar = aiohttp.CookieJar(unsafe=True)  # also of IP addresses
    async with aiohttp.ClientSession(cookie_jar=jar) as browser, browser.get(address) as answer:
        assert answer.status == 200
        return await answer.text()


@asynccontextmanager
async def up(folder: Path, *chosen: str) -> AsyncIterator[Terminal]:
    """Run `acsevents up` in a folder during a block."""
    command = [sys.executable, "-c", BEGUN, "up", *(chosen or options())]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, cwd=folder, env=ENVIRONMENT, stdout=pipe, stderr=pipe)
    terminal = Terminal(process, folder)
    try:
        yield terminal
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
            await terminal.ends()


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """Stop a process during a block."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def events(folder: Path, *types: str) -> str:
    """Write events of some types to a file; return its name."""
    sample = samples.event("2025/SMSReceived")
    made = [
        {**sample, "id": f"number {number}", "eventType": f"Microsoft.Communication.{name}"}
        for number, name in enumerate(types)
    ]
    (folder / "events.json").write_text(json.dumps(made))
    return "events.json"


async def test_its_printed_lines_can_be_pasted_and_find_it_without_any_export(tmp_path: Path) -> None:
    """The printed commands work; every delivery, drop and dead letter is a line."""
    async with up(tmp_path) as terminal:
        await terminal.shows(READY)
        lines = terminal.printed.splitlines()
        send, sms, dead_letters = [line for line in lines if re.search(r"acsevents (send|sms|dead-letters)\b", line)]
        await terminal.runs(send)
        await terminal.shows("SMSDeliveryReportReceived")
        story, letters = await terminal.runs(sms), await terminal.runs(f"{dead_letters} --json")
        new = events(tmp_path, "SMSRead", "CallStarted")
        await terminal.runs(f"{send.split(' send ')[0]} send {new}")
        await terminal.shows("unsupported_type")
        shown = await page_at(next(line.split()[-1] for line in lines if line.startswith("the page ")))
        exports = "; ".join(line for line in lines if line.startswith("export "))
        elsewhere = await terminal.runs(f"{exports}; cd /; {dead_letters} --json")
        terminal.process.send_signal(signal.SIGINT)
        code = await terminal.ends()

    assert (0, "") == (code, terminal.errors)
    assert "No error." in story.stdout
    assert "the tables of `acsevents up`" in story.stderr
    assert "" == letters.stdout
    assert "sms.delivery-report" in shown
    assert "SMSRead" in elsewhere.stdout
    assert "dropped                          CallStarted  number 1" in terminal.printed
    assert "delivered    new-types           SMSRead  number 0" in terminal.printed
    assert "dead letter in chat_thread_events: unsupported_type" in terminal.printed


async def test_a_second_one_is_refused_in_the_folder_and_on_the_ports_of_the_first(tmp_path: Path) -> None:
    """Two that share them would each get some of the events, so the error says what to do.

    Azurite has all its three services.
    """
    chosen = options()
    (tmp_path / "local.settings.json").write_text('{"Values": {"EventTables": "UseDevelopmentStorage=true"}}')
    async with up(tmp_path, *chosen) as first:
        await first.shows(READY)
        for service in range(3):
            with socket.create_connection(("127.0.0.1", int(chosen[-1]) + service), timeout=10):
                pass
        async with up(tmp_path) as second:
            assert await second.ends() == 1
        assert f"already runs in .local, process {first.process.pid}" in second.errors
        assert "another folder with --folder" in second.errors
        for option, port in zip(chosen[::2], chosen[1::2], strict=True):
            others = options()
            others[others.index(option) + 1] = port
            async with up(tmp_path, *others, "--folder", "other") as second:
                assert await second.ends() == 1
            assert f"port {port} cannot be used" in second.errors
            assert option in second.errors


@pytest.mark.parametrize("part", ["azurite", "host"])
async def test_a_part_that_dies_ends_it_and_is_named_with_its_last_words(tmp_path: Path, part: str) -> None:
    """The error has the name of the part and the last line of its log."""
    command, name = {"azurite": ("azurite.js", "Azurite"), "host": ("acsevents.local.host", "the Functions host")}[part]
    async with up(tmp_path) as terminal:
        await terminal.shows(READY)
        os.kill(terminal.part(command), signal.SIGKILL)
        assert await terminal.ends() == 1

    last = "Azurite Table service is" if part == "azurite" else "[20"
    assert re.fullmatch(rf"acsevents: {name} died \(signal 9, log: .*\): {re.escape(last)}.*\n", terminal.errors)


async def test_ctrl_c_delivers_what_was_published(tmp_path: Path) -> None:
    """It waits for events that are under way; port 0 is any free one."""
    async with up(
        tmp_path, "--host-port", "0", "--topic-port", "0", "--page-port", "0", "--azurite-port", "0"
    ) as terminal:
        await terminal.shows(READY)
        with stopped(terminal.part("acsevents.local.host")):
            published = await terminal.runs(f"{sys.executable} -m acsevents send {events(tmp_path, 'SMSReceived')}")
            terminal.process.send_signal(signal.SIGINT)
            await terminal.shows("delivering 1 events")
        assert await terminal.ends() == 0

    assert published.returncode == 0, published.stderr
    assert "delivered    sms-events          SMSReceived" in terminal.printed
    assert "dropped" not in terminal.printed


async def test_a_second_ctrl_c_drops_events_and_says_how_many(tmp_path: Path) -> None:
    """The number of dropped events is printed."""
    async with up(tmp_path) as terminal:
        await terminal.shows(READY)
        with stopped(terminal.part("acsevents.local.host")):
            name = events(tmp_path, "SMSReceived", "SMSReceived", "ChatMessageReceived")
            await terminal.runs(f"{sys.executable} -m acsevents send {name}")
            terminal.process.send_signal(signal.SIGINT)
            await terminal.shows("delivering 3 events")
            terminal.process.send_signal(signal.SIGINT)
            await terminal.shows("stopping")
        assert await terminal.ends() == 0

    assert "dropped 3 events that were not delivered" in terminal.printed


@pytest.mark.parametrize(("moment", "times"), [(0.0, 1), (0.5, 2), (1.2, 1), (2.0, 2), (3.0, 1), (4.0, 2)])
async def test_ctrl_c_at_any_moment_ends_it_without_a_traceback(tmp_path: Path, moment: float, times: int) -> None:
    """During imports, during the start, and again during the shutdown."""
    async with up(tmp_path) as terminal:
        await terminal.shows("begun")
        for wait in (moment, 0.1)[:times]:
            await asyncio.sleep(wait)
            if terminal.process.returncode is None:
                terminal.process.send_signal(signal.SIGINT)
        code = await terminal.ends()

    assert "" == terminal.errors
    assert code in {-signal.SIGINT, 0, 130}
