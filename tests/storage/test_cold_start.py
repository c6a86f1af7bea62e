"""A new worker loads only what its first event needs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from acsevents.local.azurite import Azurite
from shared.catalogue import TABLES
from shared.storage.account import Account
from tests.storage.edm import by_sdk, rows_of
from tests.storage.events import sms

PROJECT = Path(__file__).parents[2]
SDKS = ("azure.core", "azure.data", "azure.eventgrid", "azure.identity")
LOADED = f"print(*sorted(name for name in {SDKS!r} if name in sys.modules))"
RECEIVE = f"""
import asyncio, sys
import function_app
from shared.sink import receive

async def main():
    calls = [receive(text, function="sms_events") for text in {[sms(f"m-{number}") for number in range(20)]!r}]
    await asyncio.gather(*calls)

asyncio.run(main())
{LOADED}
"""


def run(program: str, **settings: str) -> list[str]:
    """Run a program in a fresh interpreter; return the words that it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", program],
        cwd=PROJECT,
        text=True,
        capture_output=True,
        check=True,
        timeout=60,
        env={**os.environ, **settings},
    )
    return done.stdout.split()


def test_importing_the_app_loads_no_sdk_but_that_of_functions() -> None:
    """The SDKs cost more than everything else that the app imports."""
    assert run(f"import sys, function_app\n{LOADED}") == []


def test_writing_by_account_key_loads_no_sdk(account: Account, azurite: Azurite) -> None:
    """From the connection string to durable rows, if the tables exist."""
    with by_sdk(account) as service:
        for table in TABLES:
            service.create_table(table)

    assert run(RECEIVE, EventTables=azurite.connection_string) == []
    assert len(rows_of(account, "SmsEvents")) == 20


def test_the_sdk_is_loaded_to_create_a_missing_table(account: Account, azurite: Azurite) -> None:
    """Once in the life of a deployment, and the rows are written."""
    assert run(RECEIVE, EventTables=azurite.connection_string) == ["azure.core", "azure.data"]
    assert len(rows_of(account, "SmsEvents")) == 20


@pytest.mark.parametrize(
    ("settings", "loaded"),
    [
        ({"EventTables": "UseDevelopmentStorage=true"}, []),
        ({"EventTables__tableServiceUri": "https://contoso.table.core.windows.net"}, ["azure.core", "azure.identity"]),
    ],
    ids=["key", "identity"],
)
def test_azure_identity_is_imported_only_when_it_is_used(settings: dict[str, str], loaded: list[str]) -> None:
    """It would double a cold start, which a connection string need not pay for."""
    program = f"""
import asyncio, os, sys
from shared.storage.settings import read_settings
from shared.storage.tables import Tables

async def main():
    await Tables(read_settings(os.environ)).close()

asyncio.run(main())
{LOADED}
"""
    assert run(program, **settings) == loaded


@pytest.mark.promise("Quiet")
@pytest.mark.parametrize(
    "module", ["function_app", "shared.lookups", "shared.storage.connection", "shared.storage.authorization"]
)
def test_the_sdks_are_quiet_before_they_can_say_anything(module: str) -> None:
    """At INFO azure-core logs URLs with keys; importing a module that uses it sets it to WARNING."""
    told = run(f"import logging, {module}\nprint(logging.getLogger('azure.core').getEffectiveLevel())")

    assert told == ["30"]
