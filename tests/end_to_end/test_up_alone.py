"""What `acsevents up` prints, which ports it takes, and who owns its folder; nothing is started."""

from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from rich.console import Console

from acsevents import running
from acsevents.local import LocalStackError
from acsevents.local.event_grid import Notice
from acsevents.local.event_grid.events import Event
from acsevents.local.stack import Ports
from acsevents.running import Running
from acsevents.up import _print_notice


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("delivered", "delivered    sms-events          SMSReceived  a\\x1b[2J"),
        ("retried", "retry        sms-events          SMSReceived  a\\x1b[2J  Busy"),
        ("dropped", "dropped      sms-events          SMSReceived  a\\x1b[2J  Busy"),
        ("dead_lettered", "dead letter  sms-events          SMSReceived  a\\x1b[2J  Busy"),
        ("discarded", "discarded    sms-events          SMSReceived  a\\x1b[2J  Busy"),
    ],
)
def test_everything_that_happens_to_an_event_is_a_line(
    what: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without its subject, which may be a phone number, and with control characters in its id escaped."""
    event = Event("EventGridSchema", "a\x1b[2J", "Microsoft.Communication.SMSReceived", "/phonenumber/1", b"", "1")
    _print_notice(Console(), Notice(what, "sms-events", event, "Busy"))  # type: ignore[arg-type]  # one of the five

    assert capsys.readouterr().out.rstrip().endswith(f"  {shown}")


def test_a_folder_has_one_owner_and_none_when_that_is_gone(tmp_path: Path) -> None:
    """The file of an owner that was killed is ignored."""
    with running.owned(tmp_path) as announce:
        assert running.find(tmp_path) is None
        announce(Running(1, "http://topic", "tables"))
        assert running.find(tmp_path) == Running(1, "http://topic", "tables")
        with pytest.raises(LocalStackError, match=r"already runs in .*, process 1: .*--folder"):
            running.owned(tmp_path).__enter__()
    (tmp_path / "up.json").write_text('{"pid":1,"topic":"http://topic","tables":"tables"}')

    assert running.find(tmp_path) is None
    with running.owned(tmp_path):
        pass


def test_a_folder_that_is_a_file_is_named_with_its_cure(tmp_path: Path) -> None:
    """`find` treats it like an empty folder."""
    (tmp_path / "file").touch()

    with pytest.raises(LocalStackError, match=r"file cannot be used \(.*\): choose another with --folder"):
        running.owned(tmp_path / "file").__enter__()
    assert running.find(tmp_path / "file") is None


def test_the_ports_are_the_usual_ones() -> None:
    """The defaults are those of `UseDevelopmentStorage=true` and `func`."""
    assert Ports(host=7071, topic=7072, page=7073, azurite=10000) == Ports()
    with TableServiceClient.from_connection_string("UseDevelopmentStorage=true") as client:
        assert f"http://127.0.0.1:{Ports().azurite + 2}/devstoreaccount1" == client.url.rstrip("/")
