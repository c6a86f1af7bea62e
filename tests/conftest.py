"""Fixtures for all tests: one Azurite per run, a clean environment, and a check that logs have no personal data."""

import logging
import os
from collections.abc import Iterator

import pytest
from azure.data.tables import TableServiceClient

from acsevents.local.azurite import Azurite
from shared.storage.account import Account
from shared.storage.connection_string import parse_connection_string
from shared.storage.settings import CONNECTIONS
from tests import samples

OUR_LOGGERS = ("acs_event_sink", "acsevents")
# Names in lower case of the properties that hold texts, numbers, ids and names of people.
_PERSONAL = frozenset(
    {
        *("message", "messagebody", "from", "to", "displayname", "senderdisplayname", "topic"),
        *("rawid", "id", "value", "userid", "appid", "senderid", "recipientid", "memberid"),
        *("createdby", "editedby", "deletedby", "addedby", "removedby"),
    }
)
_TELLING = 6  # characters: shorter texts turn up in logs by accident


def _personal(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for inner_name, inner in value.items():
            yield from _personal(inner, inner_name.lower())
    elif isinstance(value, list):
        for inner in value:
            yield from _personal(inner, name)
    elif isinstance(value, str) and name in _PERSONAL and len(value) >= _TELLING:
        yield value.strip().lstrip("+")


@pytest.fixture(name="personal_data", scope="session")
def _personal_data() -> frozenset[str]:
    """Return the message texts, phone numbers, user ids and display names of all samples."""
    return frozenset(text for name in samples.NAMES for text in _personal(samples.event(name)["data"]))


class PrivacyGuard(logging.Handler):
    """Collects every log record that contains personal data, even in its traceback."""

    def __init__(self, personal_data: frozenset[str]) -> None:
        super().__init__()
        self._personal_data = personal_data
        self.leaks: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Search the formatted record."""
        line = self.format(record)
        self.leaks += [f"{record.name} logged {text!r}: {line}" for text in self._personal_data if text in line]


@pytest.fixture(name="privacy_guard", scope="session", autouse=True)
def _privacy_guard(personal_data: frozenset[str]) -> Iterator[PrivacyGuard]:
    """Attach the guard to the root logger for the whole run, with the app's own loggers at DEBUG."""
    guard = PrivacyGuard(personal_data)
    logging.getLogger().addHandler(guard)
    for name in OUR_LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield guard
    logging.getLogger().removeHandler(guard)
    assert not guard.leaks, "personal data was logged after the last test"


@pytest.fixture(autouse=True)
def _quiet(privacy_guard: PrivacyGuard) -> Iterator[None]:
    """Fail the test that logged personal data."""
    yield
    leaks, privacy_guard.leaks = privacy_guard.leaks, []
    assert not leaks, f"personal data was logged: {leaks}"


@pytest.fixture(autouse=True)
def _no_tables_by_accident(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the user's connections from the environment, so that no test reaches real tables."""
    for name in [name for name in os.environ if name.startswith(CONNECTIONS)]:
        monkeypatch.delenv(name)


@pytest.fixture(name="azurite", scope="session")
def _azurite() -> Iterator[Azurite]:
    """Start Azurite once per run."""
    with Azurite.start() as azurite:
        yield azurite


@pytest.fixture(name="account")
def _account(azurite: Azurite) -> Account:
    """Return the account of an Azurite without tables."""
    with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        for table in service.list_tables():
            service.delete_table(table.name)
    return parse_connection_string(azurite.connection_string)
