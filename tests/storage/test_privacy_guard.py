"""The guard of all tests: it knows the personal data of the samples and sees every log record."""

import logging

import pytest

from tests.conftest import OUR_LOGGERS, PrivacyGuard


@pytest.fixture(name="own_guard")
def _own_guard(personal_data: frozenset[str]) -> PrivacyGuard:
    """Return a second guard, whose findings do not fail the run."""
    return PrivacyGuard(personal_data)


@pytest.mark.parametrize(
    "text",
    [
        "Welcome to Azure Communication Services",
        "Is table 7 free tonight?",
        "15555550100",
        "8:acs:109f0644-b956-4cd9-87b1-71024f6e2f44_00000008-578d-7d05-83fe-084822000f6d",
        "Bob(Admin)",
        "Maya 🌻",
    ],
)
def test_it_knows_texts_numbers_ids_and_names(text: str, personal_data: frozenset[str]) -> None:
    """Every kind of personal data is known."""
    assert text in personal_data


def test_it_hears_the_root_logger(privacy_guard: PrivacyGuard) -> None:
    """It sees the records of all loggers, and the app's own loggers log at DEBUG."""
    assert privacy_guard in logging.getLogger().handlers
    assert privacy_guard.level == logging.NOTSET
    assert all(logging.getLogger(name).isEnabledFor(logging.DEBUG) for name in OUR_LOGGERS)


@pytest.mark.promise("Quiet")
def test_it_notices_personal_data_in_messages_arguments_and_tracebacks(own_guard: PrivacyGuard) -> None:
    """The formatted record counts."""
    logger = logging.Logger("quiet")  # noqa: LOG001  it must not reach the guard of this run
    logger.addHandler(own_guard)
    logger.error("received from 15555550100")
    logger.error("received from %s", "+15555550100")
    try:
        int("Is table 7 free tonight?")
    except ValueError:
        logger.exception("a bug")
    assert len(own_guard.leaks) == 3

    logger.error("nothing personal")
    assert len(own_guard.leaks) == 3
