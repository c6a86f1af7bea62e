"""The stand-in gives the responses that were recorded from the real Event Grid extension."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.local.vector_host import Answer, vector_host

VECTORS: list[dict[str, Any]] = json.loads(Path(__file__).with_name("webhook_vectors.json").read_text())


def assert_answered(vector: dict[str, Any], answer: Answer, invocations: int) -> None:
    """Compare a response with the recorded one."""
    assert (vector["status"], vector["text"]) == (answer.status, answer.text)
    assert vector.get("invocations", 0) == invocations
    expected = dict(vector.get("response_headers", {}))
    if "content_type" in vector:
        expected["Content-Type"] = vector["content_type"]
    assert expected == {name: answer.headers[name] for name in expected}


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
async def test_answers_as_the_real_host_does(vector: dict[str, Any]) -> None:
    """Status, body, headers and number of invocations are those of the real host."""
    path = vector.get("path", "/runtime/webhooks/EventGrid")

    async with vector_host() as vectors:
        answer = await vectors.request(
            vector["method"], f"{path}?{vector['query']}", vector["body"], **vector["headers"]
        )

    assert_answered(vector, answer, len(vectors.received))


def test_there_are_all_24_vectors() -> None:
    """No recorded response is missing."""
    assert len(VECTORS) == 24
