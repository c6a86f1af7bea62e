"""The sink of the triggers: on the account that its setting names, or an error that names the setting."""

import asyncio
import traceback

import pytest

from acsevents.local.azurite import Azurite
from shared import sink
from shared.errors import SettingsError
from shared.sink import receive
from shared.storage.account import Account
from shared.storage.group_commit import GroupCommit
from shared.storage.tables import Tables
from tests.storage.edm import rows_of
from tests.storage.events import sms


@pytest.fixture(name="fresh_process")
def _fresh_process() -> None:
    """A worker that has not received anything yet."""
    sink._sink_of.cache_clear()


@pytest.mark.usefixtures("fresh_process")
@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "EventTables"),
        ({"EventTables": "what is this"}, "EventTables"),
        ({"EventTables": "AccountName=a;AccountKey=!no base64!"}, "EventTables"),
        ({"EventTables": "AccountName=a;AccountKey=YWJj;TableEndpoint=http://127.0.0.1:port/a"}, "EventTables"),
        ({"EventTables": "AccountName=a;AccountKey=YWJj;TableEndpoint=http:///quoted"}, "EventTables"),
        ({"AzureWebJobsStorage": "AccountName=only"}, "AzureWebJobsStorage"),
        ({"EventTables__tableServiceUri": "http://a.table.core.windows.net"}, "EventTables__tableServiceUri"),
        ({"EventTables__tableServiceUri": "https://"}, "EventTables__tableServiceUri"),
        ({"EventTables": "x", "EventTables__tableServiceUri": "https://y"}, "EventTables__tableServiceUri"),
        ({"EventTables__clientId": "x"}, "EventTables__clientId"),
    ],
)
async def test_a_wrong_setting_is_named_by_the_first_event(
    environment: dict[str, str], named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first call fails with the setting's name and cure, not its value; so does the second, until it is mended."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    for _ in range(2):
        with pytest.raises(SettingsError, match=named) as raised:
            await receive(sms(), function="sms_events")

    printed = "".join(traceback.format_exception(raised.value))
    for value in ("what is this", "no base64", "quoted", "127.0.0.1", "a.table.core.windows.net"):
        assert value not in printed


@pytest.mark.usefixtures("fresh_process")
async def test_the_app_writes_where_its_setting_says(
    account: Account, azurite: Azurite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`receive` of the triggers keeps one sink per event loop, on the account of `EventTables`."""
    monkeypatch.setenv("EventTables", azurite.connection_string)
    await receive(sms(), function="sms_events")
    monkeypatch.delenv("EventTables")
    await receive(sms("m-2"), function="sms_events")
    store = sink._sink_of(asyncio.get_running_loop())._store
    assert isinstance(store, GroupCommit)
    assert isinstance(store._writer, Tables)
    await store.close()
    await store._writer.close()
    sink._sink_of.cache_clear()

    assert len(rows_of(account, "SmsEvents")) == 2
