"""Errors: one tree, a reason for each leaf, and never any content of an event."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared import errors
from shared.errors import ContentError, InvalidData, RowRefused, SinkError
from shared.rows.dead_letters import dead_letter
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
    """The tree in the module's docstring is the real one."""
    drawn = str(errors.__doc__)

    assert [error.__name__ for error in _tree(SinkError) if error.__module__ == "shared.errors"]
    assert [error for error in _tree(SinkError) if error.__name__ not in drawn] == []


def test_content_errors_have_the_reasons_of_the_design() -> None:
    """Each content error has its own reason."""
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
    """A message is plain text: the JSON path, then the problem."""
    assert str(InvalidData("wrong", "$.data.to")) == "$.data.to: wrong"
    assert str(RowRefused("EntityTooLarge")) == "Table Storage refused the row: EntityTooLarge"


def _strings(value: Any) -> set[str]:
    if isinstance(value, dict):
        return {text for name, part in value.items() if name not in _WORDS_OF_THE_SCHEMA for text in _strings(part)}
    if isinstance(value, list):
        return {text for item in value for text in _strings(item)}
    return {value} if isinstance(value, str) and len(value) > 2 else set()


def _spoiled(name: str) -> Iterator[str]:
    """Yield a sample with each of its places spoiled, and its text with many characters spoiled."""
    text = json.dumps(samples.event(name))
    for number, _ in enumerate(places(json.loads(text))):
        for value in _OTHERS:
            event = json.loads(text)
            places(event)[number](value)
            yield json.dumps(event)
    yield from (text[:at] for at in range(0, len(text), 7))
    yield text.replace("Microsoft.Communication", "Contoso")
    yield f"[{text},{text}]"


@pytest.mark.promise("Quiet")
@pytest.mark.parametrize("name", samples.NAMES)
def test_no_error_no_detail_and_no_drift_holds_anything_of_the_content(name: str) -> None:
    """No text, phone number, user id or thread id appears in errors, details or drift, however an event is spoiled."""
    private = _strings(samples.event(name)["data"])
    for text in _spoiled(name):
        result = outcome(text)
        if isinstance(result, ContentError):
            row = dead_letter("sms_events", text, result).entity
            told = f"{result} {result!r} {result.problem} {[row[column] for column in _QUIET_COLUMNS]}"
        else:
            told = f"{result!r} {result.drift}"
        assert [secret for secret in private if secret in told] == []
