"""Errors: one tree, each with a reason of its own, none with anything of an event's content."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared import errors
from shared.errors import ContentError, InvalidData, RowRefused, SinkError
from shared.rows.dead_letters import dead_letter
from shared.rows.records import record_columns
from tests import samples
from tests.core.strategies import outcome, places

_QUIET_COLUMNS = ("Reason", "Detail")
_OTHERS: tuple[object, ...] = (None, 7, [], {}, "")
_WORDS_OF_THE_SCHEMA = {"kind", "cloud", "type", "metadata"}  # what stands there names no one


def _tree(root: type[Exception]) -> Iterator[type[Exception]]:
    yield root
    for branch in root.__subclasses__():
        yield from _tree(branch)


def test_every_error_of_the_tree_is_drawn_in_it() -> None:
    """The picture at the head of the module is the tree itself."""
    drawn = str(errors.__doc__)

    assert [error.__name__ for error in _tree(SinkError) if error.__module__ == "shared.errors"]
    assert [error for error in _tree(SinkError) if error.__name__ not in drawn] == []


def test_content_errors_have_the_reasons_of_the_design() -> None:
    """One reason each; what is none of them is a bug of ours."""
    reasons = {error.__name__: error.reason for error in ContentError.__subclasses__()}

    assert reasons == {
        "NotJson": "not_json",
        "NotAnEvent": "not_an_event",
        "UnsupportedType": "unsupported_type",
        "InvalidData": "invalid_data",
        "MissingKey": "missing_key",
        "Oversized": "oversized",
        "InternalError": "internal_error",
    }


def test_messages_are_problem_at_path() -> None:
    """Flat text, first where and then what."""
    assert str(InvalidData("wrong", "$.data.to")) == "$.data.to: wrong"
    assert str(RowRefused("EntityTooLarge")) == "Table Storage refused the row: EntityTooLarge"


def _strings(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {text for name, part in value.items() if name not in _WORDS_OF_THE_SCHEMA for text in _strings(part)}
    if isinstance(value, list):
        return {text for item in value for text in _strings(item)}
    return {value} if isinstance(value, str) and len(value) > 2 else set()


def _spoiled(name: str) -> Iterator[str]:
    """Write a sample wrong in every place of it, and its text wrong at many."""
    for number, _ in enumerate(places(samples.event(name))):
        for value in _OTHERS:
            event = samples.event(name)
            places(event)[number](value)
            yield json.dumps(event)
    text = json.dumps(samples.event(name))
    yield from (text[:at] for at in range(0, len(text), 7))
    yield text.replace("Microsoft.Communication", "Contoso")
    yield f"[{text},{text}]"


@pytest.mark.promise("Quiet")
@pytest.mark.parametrize("name", samples.NAMES)
def test_no_error_and_no_detail_holds_anything_of_the_content(name: str) -> None:
    """No message text, phone number, user id or thread id: of no sample, however it is spoiled."""
    private = _strings(samples.event(name)["data"])
    for text in _spoiled(name):
        error = outcome(text)
        if isinstance(error, ContentError):
            row = dead_letter("sms_events", text, error).entity
            told = f"{error} {error!r} {error.problem} {[row[column] for column in _QUIET_COLUMNS]}"
            assert [secret for secret in private if secret in told] == []


@pytest.mark.parametrize("name", samples.NAMES)
def test_drift_tells_names_and_types_never_contents(name: str) -> None:
    """Of a sample that is wrong in any one place."""
    private = _strings(samples.event(name)["data"])
    for text in _spoiled(name):
        result = outcome(text)
        if not isinstance(result, ContentError):
            assert [secret for secret in private if secret in str(record_columns(result).get("Drift"))] == []
