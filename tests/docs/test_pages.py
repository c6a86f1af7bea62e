"""The pages made from the catalogue and the samples are up to date and complete."""

import json
import re
from typing import Any

import pytest

from shared.catalogue import EVENT_TYPES, FAMILIES
from tests.pages import EVENTS, REQUESTS, events_page, requests_page


@pytest.mark.parametrize(("path", "made"), [(EVENTS, events_page), (REQUESTS, requests_page)], ids=["events", "http"])
def test_the_page_is_what_the_samples_say(path: Any, made: Any) -> None:
    """If this fails, run `make goldens`."""
    assert made() == path.read_text(encoding="utf-8"), "run `make goldens`"


def test_there_is_a_request_for_every_type_in_both_schemas_a_batch_and_a_poison() -> None:
    """One file has requests to try everything by hand."""
    requests = re.split(r"^### .*$", requests_page(), flags=re.MULTILINE)[1:]
    bodies = [json.loads(request.partition("\n\n")[2]) for request in requests]
    called = re.findall(r"functionName=(\w+)", requests_page())

    assert len(requests) == 2 * len(EVENT_TYPES) + 2
    assert set(EVENT_TYPES) == {body[0]["eventType"] for body in bodies if isinstance(body, list)}
    assert set(EVENT_TYPES) == {body["type"] for body in bodies if isinstance(body, dict)}
    assert len(bodies[-2]) > 1
    assert "to" not in bodies[-1][0]["data"]
    assert {family.function for family in FAMILIES} == set(called)
