"""What the recorded vectors do not cover: the input of functions, and the responses to odd requests and failures."""

import logging

import pytest

from tests.local.vector_host import vector_host

EVENT = {"id": "1", "subject": "s", "eventType": "t", "eventTime": "2026-01-02T03:04:05.1234567Z", "data": {"a": 1}}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        pytest.param(' { "b" : 1 , "a" : [ ] } ', '{"b":1,"a":[]}', id="compact, key order kept"),
        pytest.param('{"t":"caf\\u00e9 \\ud83d\\ude00"}', '{"t":"café 😀"}', id="unescaped"),
        pytest.param('{"t":"\\uD83D!","\\ude00":1}', '{"t":"\\ud83d!","\\ude00":1}', id="half emoji stay escaped"),
        pytest.param('{"a":1,"b":2,"a":3}', '{"a":3,"b":2}', id="last of duplicate keys"),
        pytest.param('{"n":[1e2,12345678901234567890]}', '{"n":[100.0,12345678901234567890]}', id="numbers"),
        pytest.param(
            '{"n":[NaN,-Infinity,1e999,-1e999]}',
            '{"n":["NaN","-Infinity","Infinity","-Infinity"]}',
            id="what is no number becomes a string",
        ),
        pytest.param('{"t":"two\nlines"}', '{"t":"two\\nlines"}', id="raw line break"),
        pytest.param('{"t":1} trailing junk', '{"t":1}', id="junk after the first value"),
        pytest.param(b'\xef\xbb\xbf{"t":"\xff"}', '{"t":"\ufffd"}', id="byte order mark, not UTF-8"),
    ],
)
async def test_a_text_parameter_is_given_the_events_json(body: str | bytes, text: str) -> None:
    """The text is what the real host's JSON library writes for the request body."""
    async with vector_host() as vectors:
        answer = await vectors.deliver("eg_text", body)
        assert (answer.status, answer.text) == (202, "")

    assert [("eg_text", text)] == vectors.received


async def test_events_of_one_request_run_at_once() -> None:
    """Three events whose functions wait for each other are all acknowledged."""
    async with vector_host() as vectors:
        answer = await vectors.deliver("eg_together", [EVENT, EVENT, EVENT])

    assert (answer.status, answer.text) == (202, "")


async def test_the_answer_comes_when_every_event_is_done() -> None:
    """The response waits for the functions of all events."""
    async with vector_host() as vectors:
        answer = await vectors.deliver("eg_slow", [EVENT])

        assert (answer.status, len(vectors.received)) == (202, 1)


async def test_an_element_that_is_no_object_outweighs_a_failed_function() -> None:
    """The response is the empty 500 of the failed cast, and the other events have run."""
    async with vector_host() as vectors:
        answer = await vectors.deliver("eg_sync", [None, {"data": {"raise": "boom"}}, {"data": {}}])

    assert (answer.status, answer.text, len(vectors.received)) == (500, "", 2)


async def test_a_returned_value_fails_the_invocation() -> None:
    """Without an output binding a function must return None."""
    async with vector_host() as vectors:
        answer = await vectors.deliver("eg_returns", [EVENT])

    assert (answer.status, answer.text) == (500, "Exception while executing function: Functions.eg_returns")


@pytest.mark.parametrize(("levels", "status"), [(64, 202), (65, 500), (100_000, 500)])
async def test_json_may_be_nested_64_levels_deep(levels: int, status: int) -> None:
    """The array of the request, the event and its data all count."""
    inner = levels - 2
    body = '[{"data":' + "[" * inner + "]" * inner + "}]"
    async with vector_host() as vectors:
        assert (status, "") == (await vectors.deliver("eg_text", body))[:2]


@pytest.mark.parametrize("path", ["/RUNTIME/webhooks/eventgrid", "/runtime/webhooks/EventGrid/and/more"])
async def test_the_path_has_no_case_and_may_go_on(path: str) -> None:
    """The path of the webhook is matched in any case, and may have a suffix."""
    async with vector_host() as vectors:
        answer = await vectors.request("POST", f"{path}?functionName=eg_text", "[{}]", AEG_Event_Type="NOTIFICATION")

    assert (answer.status, len(vectors.received)) == (202, 1)


@pytest.mark.parametrize("method", ["PATCH", "HEAD"])
async def test_other_methods_are_not_allowed(method: str) -> None:
    """Only GET, PUT, POST, DELETE and OPTIONS reach the extension."""
    async with vector_host() as vectors:
        answer = await vectors.request(method, vectors.webhook("eg_text"), aeg_event_type="Notification")

    assert answer.status == 405


@pytest.mark.parametrize("body", ["[]", "[{}]", '{"data":"[]"}', '{"data":{"validationCode":1}}', "", "{oops"])
async def test_a_malformed_handshake_is_an_empty_500(body: str) -> None:
    """Without a validation code nothing is validated and no function runs."""
    async with vector_host() as vectors:
        url = vectors.webhook("eg_text")
        answer = await vectors.request("POST", url, body, aeg_event_type="SubscriptionValidation")

    assert (answer.status, answer.text, vectors.received) == (500, "", [])


async def test_a_request_over_100_mib_is_refused() -> None:
    """The response is 413, which Event Grid handles."""
    async with vector_host() as vectors:
        answer = await vectors.deliver("eg_text", b" " * (100 * 1024 * 1024 + 1))

    assert (answer.status, vectors.received) == (413, [])


async def test_logs_tell_failures_with_their_traceback_and_no_payload(caplog: pytest.LogCaptureFixture) -> None:
    """The log has the traceback of a failed function, and no content of events or bodies."""
    caplog.set_level(logging.DEBUG)
    async with vector_host() as vectors:
        await vectors.deliver("eg_sync", [{"subject": "+15551234567", "data": {"raise": "boom"}}])
        await vectors.deliver("eg_sync", '[{"subject": "+15551234567"')

    assert "Executed 'Functions.eg_sync' (Failed" in caplog.text
    assert "Result: Failure" in caplog.text
    assert "ValueError: boom" in caplog.text
    assert "unreadable request body" in caplog.text
    assert "5551234567" not in caplog.text
