"""The process of the host stand-in: what it refuses to start with, and how it ends."""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from acsevents.local import LocalStackError, host
from acsevents.local.ports import listening
from acsevents.local.worker import index
from tests.local.vector_host import ROOT, own_function_app

PROJECT = Path(__file__).parents[2]
_APP = "import azure.functions as func\napp = func.FunctionApp()\n"
_TRIGGER = "@app.event_grid_trigger(arg_name='event')\n"


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        pytest.param(None, "there is no function_app.py", id="no file"),
        pytest.param("import no_such_module", "no_such_module", id="import error"),
        pytest.param("x = 1", "one FunctionApp at its top level, and has 0", id="no app"),
        pytest.param(_APP + "other = func.FunctionApp()", "and has 2", id="two apps"),
        pytest.param(_APP + _TRIGGER + "async def f(event: dict) -> None: ...", "as `str`", id="dict"),
        pytest.param(_APP + _TRIGGER + "def f(event: str) -> None: ...", "`async def`", id="in a thread"),
        pytest.param(_APP + _TRIGGER + "def f(event: 'Nope') -> None: ...", "Nope", id="unknown name"),
        pytest.param(_APP + _TRIGGER + "def f(other: str) -> None: ...", "no parameters other", id="wrong parameter"),
        pytest.param(
            _APP + (_TRIGGER + "def f(event: str) -> None: ...\n") * 2, "unique function name", id="same name twice"
        ),
    ],
)
def test_an_app_that_azure_would_refuse_is_refused(source: str | None, complaint: str, tmp_path: Path) -> None:
    """One bad function or import fails the whole app, and the error says what is wrong."""
    if source is not None:
        (tmp_path / "function_app.py").write_text(source)

    with own_function_app(), pytest.raises(LocalStackError, match=complaint):
        index(tmp_path)


async def test_without_an_event_grid_function_the_extension_is_not_there(tmp_path: Path) -> None:
    """The response is an empty 404, as the real host then does not load the extension."""
    timer = "@app.timer_trigger(schedule='0 0 * * * *', arg_name='timer')\ndef tick(timer: func.TimerRequest): ...\n"
    (tmp_path / "function_app.py").write_text(_APP + timer)
    with own_function_app():
        app = host.application(tmp_path)
        async with (
            listening(app, 0, patience=30) as url,
            aiohttp.ClientSession() as session,
            session.post(host.webhook(url, "tick"), data="[]") as response,
        ):
            assert (response.status, await response.text()) == (404, "")


def _command(script_root: Path, *options: str) -> list[str]:
    return [sys.executable, "-m", "acsevents.local.host", "--script-root", str(script_root), *options]


def _start(*options: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        _command(ROOT, *options), cwd=PROJECT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def _url(process: subprocess.Popen[str], function: str) -> str:
    assert process.stdout is not None
    for line in process.stdout:
        name, _, url = line.strip().partition(": ")
        if name == function:
            return url
    raise AssertionError("the host ended without printing its URLs")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_lets_running_invocations_finish(number: signal.Signals) -> None:
    """The process answers the current request, then exits with 0."""
    with _start("--port", "0") as process:
        try:
            url = await asyncio.to_thread(_url, process, "eg_slow")
            async with aiohttp.ClientSession() as session:
                headers = {"aeg-event-type": "Notification"}
                delivery = asyncio.create_task(session.post(url, data="[{}]", headers=headers))
                await asyncio.to_thread(_wait_for_log, process, "eg_slow started")
                process.send_signal(number)
                async with await delivery as response:
                    assert response.status == 202
            _, errors = await asyncio.to_thread(process.communicate, timeout=60)
        finally:
            process.kill()

    assert (process.returncode, "eg_slow finished" in errors) == (0, True)


def _wait_for_log(process: subprocess.Popen[str], words: str) -> None:
    assert process.stderr is not None
    assert any(words in line for line in process.stderr)


def test_an_app_that_cannot_start_ends_the_process_with_its_error(tmp_path: Path) -> None:
    """Exit code 1, the traceback of the import, and one line that explains it."""
    (tmp_path / "function_app.py").write_text("import no_such_module")

    ended = subprocess.run(_command(tmp_path), cwd=PROJECT, text=True, capture_output=True, timeout=60, check=False)

    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert ended.stderr.rstrip().endswith(
        "function_app.py cannot be imported: ModuleNotFoundError: No module named 'no_such_module'"
    )
