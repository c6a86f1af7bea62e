"""Property names: in any case, unknown, or repeated."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from shared.decoder import decode
from shared.rows.records import record_columns
from tests import samples
from tests.core.models import MAPS
from tests.core.strategies import delivered


def _notes(columns: dict[str, Any]) -> list[str]:
    return list(json.loads(columns.get("Drift", "[]")))


@pytest.mark.promise("Tolerant")
@pytest.mark.parametrize("sample", samples.NAMES)
def test_unknown_properties_are_kept_and_noted(sample: str) -> None:
    """At every level: in the envelope of either schema, in `data`, and in every modelled object within it."""
    for form in samples.FORMS:
        event = samples.event(sample)
        whole = record_columns(decode(delivered(event, form)))
        for one in _modelled_objects(event["data"]):
            one["brandNew"] = {"of": ["tomorrow"]}
        delivery = samples.FORMS[form](event)
        (delivery[0] if isinstance(delivery, list) else delivery)["brandNew"] = 1
        columns = record_columns(decode(json.dumps(delivery)))
        notes = _notes(columns)

        assert {**columns, "Raw": "", "Drift": ""} == {**whole, "Raw": "", "Drift": ""}
        # In CloudEvents an unknown attribute of the envelope is an extension, which the specification allows.
        in_envelope = set() if form.startswith("CloudEvents") else {"$.brandNew: not in the model"}
        assert len(notes) == len(in_envelope) + len(list(_modelled_objects(event["data"])))
        assert {*in_envelope, "$.data.brandNew: not in the model"} <= set(notes)
        assert all(note.endswith(".brandNew: not in the model") for note in notes)


@pytest.mark.promise("Tolerant")
@pytest.mark.parametrize("spell", [str.upper, str.lower, str.capitalize, str.swapcase])
@pytest.mark.parametrize("sample", samples.NAMES)
def test_names_may_have_any_casing(sample: str, spell: Any) -> None:
    """In the envelope and at every level of `data`, names in any case give the same columns and no notes."""
    event = samples.event(sample)
    whole = record_columns(decode(delivered(event)))
    columns = record_columns(decode(json.dumps(_respelled(event, spell))))

    assert {**whole, "Raw": ""} == {**columns, "Raw": ""}


def test_a_name_in_two_casings_is_read_once_and_noted() -> None:
    """The schema's spelling wins, or else the first in code point order, whatever the order of the members."""
    event = samples.event("2025/SMSReceived")
    event["data"] |= {"MESSAGE": "loud", "Message": "shy"}
    columns = record_columns(decode(delivered(event)))
    assert columns["Body"] == "Is table 7 free tonight?"
    assert len(_notes(columns)) == 2

    del event["data"]["message"]
    event["data"] = dict(reversed(event["data"].items()))
    assert record_columns(decode(delivered(event)))["Body"] == "loud"


def _modelled_objects(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _modelled_objects(item)
    elif isinstance(value, dict):
        yield value
        for name, part in value.items():
            if name not in {*MAPS, "brandNew"}:
                yield from _modelled_objects(part)


def _respelled(value: Any, spell: Any) -> Any:
    if isinstance(value, list):
        return [_respelled(item, spell) for item in value]
    if isinstance(value, dict):
        return {spell(name): part if name in MAPS else _respelled(part, spell) for name, part in value.items()}
    return value
