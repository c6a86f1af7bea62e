"""`python -m acsevents.local.event_grid` runs until it is told to stop."""

import asyncio
import json
import re
import signal
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import aiohttp

from tests.event_grid.rehearsal import Call, event, serving

ROOT = Path(__file__).parents[2]


async def _command(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "acsevents.local.event_grid", *arguments, cwd=ROOT, stdout=PIPE, stderr=PIPE
    )


async def test_the_command_delivers_until_terminated(tmp_path: Path) -> None:
    """It prints endpoint and key, delivers with the shipped subscriptions, and on SIGTERM prints counts and exits 0."""
    async with serving() as host, asyncio.timeout(60):
        process = await _command("--webhook", host.url, "--port", "0", "--dead-letter-folder", str(tmp_path))
        try:
            called = asyncio.Event()

            def answer(_number: int, _call: Call) -> int:
                called.set()
                return 202

            host.answer = answer
            assert process.stdout
            line = (await process.stdout.readline()).decode()
            found = re.search(r"(http://127\.0\.0\.1:\d+/api/events)  key: (\S+)", line)
            assert found
            async with (
                aiohttp.ClientSession(headers={"aeg-sas-key": found[2]}) as session,
                session.post(found[1], data=json.dumps([event("1")])) as response,
            ):
                assert response.status == 200
            await called.wait()
            process.send_signal(signal.SIGTERM)
            out, err = await process.communicate()
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()

    assert (process.returncode, err) == (0, b"")
    assert (host.calls[0].function, host.delivered) == ("sms_events", ["1"])
    assert b"published=1 dropped=0 matched=1" in out


async def test_errors_are_one_line_with_the_cure(tmp_path: Path) -> None:
    """A wrong file or an absent host ends the command with status 1 and no traceback."""
    async with asyncio.timeout(60):
        missing = str(tmp_path / "none.json")
        process = await _command(
            "--webhook", "http://127.0.0.1:9", "--dead-letter-folder", str(tmp_path), "--subscriptions", missing
        )
        _, err = await process.communicate()

    assert process.returncode == 1
    assert err.decode().splitlines() == [f"error: {missing}: No such file or directory; name an existing file"]
