"""Azurite, started and stopped as the demo, the tests and `make up` do it."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient

from acsevents.local import LocalStackError, azurite
from acsevents.local.azurite import Azurite
from acsevents.local.ports import free_port

PROJECT = Path(__file__).parents[2]
ROW = {"PartitionKey": "p", "RowKey": "r", "Body": "hello"}


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def test_tables_can_be_written_and_read_while_it_runs() -> None:
    """The connection string works with the SDK at once, and the port is closed afterwards."""
    with Azurite.start() as running, TableServiceClient.from_connection_string(running.connection_string) as service:
        service.create_table("Kept").upsert_entity(ROW)

        assert service.get_table_client("Kept").get_entity("p", "r")["Body"] == "hello"

    assert not _listens(running.port)


def test_a_folder_keeps_the_tables_between_runs(tmp_path: Path) -> None:
    """A run reads what an earlier run wrote to the same folder; without a folder nothing is kept."""
    with (
        Azurite.start(tmp_path) as first,
        TableServiceClient.from_connection_string(first.connection_string) as service,
    ):
        service.create_table("Kept").upsert_entity(ROW)

    for folder, names in ((tmp_path, ["Kept"]), (None, [])):
        with (
            Azurite.start(folder) as again,
            TableServiceClient.from_connection_string(again.connection_string) as service,
        ):
            assert names == [table.name for table in service.list_tables()]


def test_a_port_that_somebody_took_meanwhile_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """Azurite starts on another port if the chosen one is in use."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        ports = iter([taken.getsockname()[1]])
        monkeypatch.setattr("acsevents.local.azurite.free_port", lambda: next(ports, None) or free_port())

        with Azurite.start() as running:
            assert taken.getsockname()[1] != running.port


def test_it_ends_with_the_process_that_started_it() -> None:
    """Azurite stops even if its parent process is killed."""
    program = (
        "import time\nfrom acsevents.local.azurite import Azurite\n"
        "with Azurite.start() as running:\n    print(running.port, flush=True)\n    time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", program], cwd=PROJECT, text=True, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline())
        assert _listens(port)

        os.kill(parent.pid, signal.SIGKILL)

    deadline = time.monotonic() + 60
    while _listens(port) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _listens(port)


def test_an_azurite_that_is_not_installed_is_named_with_its_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without node_modules the error names the command that installs it."""
    monkeypatch.setattr(azurite, "PROGRAMS", Path("no/such/folder"))

    with pytest.raises(LocalStackError, match="make setup"):
        Azurite.start()


def test_an_azurite_that_cannot_start_says_why(tmp_path: Path) -> None:
    """The error has Azurite's own message."""
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(LocalStackError, match=r"did not start: .*(ENOTDIR|EEXIST|file)"):
        Azurite.start(tmp_path / "file")
