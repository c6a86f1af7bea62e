"""The failure policy in bad weather: a real HTTP server that refuses, hangs, throttles, lies and loses replies.

Every event is either recorded, dead-lettered or raised as `StorageError`, and always in time.
"""

import asyncio
import logging
import socket
import traceback

import pytest

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from acsevents.local.ports import free_port
from shared.errors import RowRefused, StorageError
from shared.sink import DeadLettered, Recorded
from shared.storage.account import Account
from shared.storage.connection_string import parse_connection_string
from shared.storage.tables import RETRIED, Patience
from tests.storage.events import chat, sms
from tests.storage.misbehaving import (
    HOST,
    MisbehavingServer,
    Request,
    Script,
    ServerBesideTheTimeLine,
    Step,
    answer,
    drip,
    error,
    hang,
    hang_up,
    in_turn,
    raw,
    reset,
    transaction,
    truncated,
)
from tests.storage.weather import LONG, SHORT, WRITTEN, deliver, missing_for_ever, sinking, write_together

RECOVERED = {
    **{f"{status} once": error(status, "Whatever") for status in sorted(RETRIED - set(range(510, 600)))},
    "429 with Retry-After": error(429, "TooManyRequests", Retry_After="0"),
    "409 with Retry-After": error(409, "TableBeingDeleted", Retry_After="1"),
    "503 with a Retry-After that is no number": error(503, "ServerBusy", Retry_After="²"),
    "503 with a date to retry after": error(503, "ServerBusy", Retry_After="Fri, 31 Dec 1999 23:59:59 GMT"),
    "connection reset": reset,
    "reply lost after the write": hang_up,
    "half an answer": truncated(500),
    "no HTTP": raw(b"\x16\x03\x01 what?\r\n\r\n"),
    "200 with HTML": answer(200, b"<html>welcome to the hotel's network</html>"),
    "200 with nothing": answer(200),
    "202 to a single row": transaction(204),
    "a redirect": answer(302, Location=f"http://{HOST}:1/login"),
    "garbage in an error": answer(503, b"\xff\x00{", Content_Encoding="gzip"),
}


@pytest.mark.parametrize("first", RECOVERED.values(), ids=RECOVERED)
async def test_passing_trouble_costs_nothing(first: Step) -> None:
    """After one failure the same row is sent again, and the event is recorded."""
    async with ServerBesideTheTimeLine.start(in_turn(first, WRITTEN)) as server:
        assert isinstance(await deliver(server, chat()), Recorded)

    assert len(server.requests) == 2
    assert server.requests[0].target == server.requests[1].target
    assert server.requests[0].body == server.requests[1].body


@pytest.mark.parametrize("first", [hang, drip])
async def test_one_request_that_hangs_does_not_use_up_all_patience(first: Step) -> None:
    """Each attempt has a bound of its own: the next one finds a server that answers again."""
    patience = Patience(attempts=3, attempt=0.2, whole=15, pause=0.01)
    async with ServerBesideTheTimeLine.start(in_turn(first, WRITTEN)) as server:
        assert isinstance(await deliver(server, chat(), patience), Recorded)

    assert len(server.requests) == 2


@pytest.mark.parametrize(
    ("retry_after", "pauses"),
    [(None, [0.01, 0.02, 0.04]), ("1", [1.0, 2.0, 4.0]), ("7", [7.0])],
    ids=["unsaid", "short", "so long that only one fits"],
)
async def test_a_busy_service_is_given_time(
    retry_after: str | None, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pauses double, and are never shorter than the service asks for; what does not fit the patience is not begun."""
    slept: list[float] = []
    sleep = asyncio.sleep

    async def at_once(seconds: float) -> None:
        slept.append(seconds)
        await sleep(0)

    monkeypatch.setattr("shared.storage.tables.asyncio.sleep", at_once)
    headers = {} if retry_after is None else {"Retry_After": retry_after}
    async with ServerBesideTheTimeLine.start(in_turn(error(503, "ServerBusy", **headers))) as server:
        with pytest.raises(StorageError, match="503 ServerBusy"):
            await deliver(server, chat(), LONG._replace(attempts=4, whole=8))

    assert [seconds for seconds in slept if seconds] == pauses


LASTING = {
    "503": (error(503, "ServerBusy"), LONG, 3),
    "429 with a Retry-After beyond all patience": (error(429, "TooManyRequests", Retry_After="3600"), LONG, 1),
    "403": (error(403, "AuthenticationFailed"), LONG, 1),
    "401": (answer(401, WWW_Authenticate="Bearer"), LONG, 1),
    "409": (error(409, "TableBeingDeleted"), LONG, 1),
    "connection reset": (reset, LONG, 3),
    "no reply": (hang_up, LONG, 3),
    "200 with HTML": (answer(200, b"<html></html>"), LONG, 3),
    "no HTTP": (raw(b"\x00\r\n\r\n"), LONG, 3),
    "hung": (hang, SHORT, 3),
    "drip": (drip, SHORT, 3),
}


@pytest.mark.parametrize(("step", "patience", "attempts"), LASTING.values(), ids=LASTING)
@pytest.mark.promise("Bounded")
async def test_lasting_trouble_raises_in_time(step: Step, patience: Patience, attempts: int) -> None:
    """What is not written is never reported as kept, nor sent more often than the patience says."""
    async with ServerBesideTheTimeLine.start(in_turn(step)) as server:
        with pytest.raises(StorageError) as raised:
            await deliver(server, chat(), patience)

    assert not isinstance(raised.value, RowRefused)
    assert 1 <= len(server.requests) <= attempts
    if patience is LONG:
        assert len(server.requests) == attempts


async def test_a_server_that_refuses_connections_raises_in_time() -> None:
    """Nobody listens: Event Grid is to deliver again."""
    credentials = f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY}"
    gone = parse_connection_string(f"{credentials};TableEndpoint=http://{HOST}:{free_port()}/{ACCOUNT};")
    async with sinking(gone, LONG) as sink:
        with pytest.raises(StorageError, match="out of reach"):
            await sink.receive(sms(), function="sms_events")


async def test_a_server_that_accepts_nothing_raises_in_time() -> None:
    """A full backlog hangs the connection itself."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen(0)
        endpoint = f"http://{HOST}:{listener.getsockname()[1]}/{ACCOUNT}"
        account = parse_connection_string(f"AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};TableEndpoint={endpoint};")
        async with sinking(account, SHORT) as sink:
            with pytest.raises(StorageError, match="out of reach"):
                await sink.receive(sms(), function="sms_events")


@pytest.mark.promise("Bounded")
async def test_the_worst_weather_ends_within_twenty_seconds_as_deployed() -> None:
    """With the patience of the deployed app, a burst on a server that never answers fails in time, whole."""
    async with ServerBesideTheTimeLine.start(in_turn(hang)) as server, sinking(server.account, None) as sink:
        burst = [sink.receive(sms(f"m-{number}"), function="sms_events") for number in range(20)]
        outcomes = await asyncio.gather(*burst, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [StorageError] * 20


@pytest.mark.parametrize("status", [400, 413, 414])
@pytest.mark.promise("No poison loop")
async def test_a_record_that_the_service_refuses_becomes_a_dead_letter(status: int) -> None:
    """The service will not take the row, ever: so it is kept as a dead letter and acknowledged."""

    def script(request: Request) -> Step:
        return WRITTEN if request.table == "DeadLetters" else error(status, "PropertyValueTooLarge")

    async with ServerBesideTheTimeLine.start(script) as server:
        outcome = await deliver(server, chat("m-7"))

    assert isinstance(outcome, DeadLettered)
    assert (outcome.error.reason, outcome.error.event_id) == ("internal_error", "m-7")
    assert outcome.error.event_type == "Microsoft.Communication.ChatMessageReceivedInThread"
    assert "PropertyValueTooLarge" in str(outcome.error)
    assert [request.table for request in server.requests] == ["ChatThreadEvents", "DeadLetters"]


async def test_a_refused_dead_letter_is_trouble() -> None:
    """A service that refuses everything with 400 gets nothing acknowledged."""
    async with ServerBesideTheTimeLine.start(in_turn(error(400, "InvalidInput"))) as server:
        with pytest.raises(StorageError, match="InvalidInput"):
            await deliver(server, chat())

    # The record, its dead letter, and the dead letter without anything that the sender chose.
    assert [request.table for request in server.requests] == ["ChatThreadEvents", "DeadLetters", "DeadLetters"]


async def test_a_poison_row_among_many_fails_alone() -> None:
    """The transaction is refused for one row: its neighbours are recorded, it becomes a dead letter."""

    def script(request: Request) -> Step:
        if request.table == "DeadLetters":
            return WRITTEN
        if b"poison" in request.body:
            return transaction(400, code="PropertyValueTooLarge") if request.table == "$batch" else error(400, "No")
        return transaction(*[204] * request.body.count(b"PUT ")) if request.table == "$batch" else WRITTEN

    texts = [chat(f"m-{number}", messageBody="poison" if number == 7 else "fine") for number in range(20)]
    async with ServerBesideTheTimeLine.start(script) as server, sinking(server.account, LONG) as sink:
        outcomes = await asyncio.gather(*(sink.receive(text, function="chat_thread_events") for text in texts))

    expected = [DeadLettered if number == 7 else Recorded for number in range(20)]
    assert [type(outcome) for outcome in outcomes] == expected
    assert "$batch" in [request.table for request in server.requests]


async def test_an_error_in_xml_is_understood_too() -> None:
    """Gateways before the service write XML whatever was asked for."""
    xml = b'<?xml version="1.0"?><m:error xmlns:m="x"><m:code>AuthenticationFailed</m:code></m:error>'
    async with ServerBesideTheTimeLine.start(in_turn(answer(403, xml))) as server:
        with pytest.raises(StorageError, match="403 AuthenticationFailed"):
            await write_together(server)


def _signed_account(server: MisbehavingServer) -> Account:
    signature = "sv=2019-02-02&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D"
    return parse_connection_string(f"TableEndpoint={server.endpoint};SharedAccessSignature={signature}")


TROUBLE = {
    "refused for content": in_turn(error(400, "InvalidInput")),
    "403": in_turn(error(403, "AuthenticationFailed")),
    "reset": in_turn(reset),
    "no HTTP": in_turn(raw(b"\x00\r\n\r\n")),
    "redirect": in_turn(answer(307, Location="/elsewhere")),
    "missing": missing_for_ever,
    "cannot create": in_turn(error(404, "TableNotFound"), error(403, "AuthorizationFailure")),
    "hung": in_turn(hang),
}


@pytest.mark.parametrize("signed", [False, True], ids=["key", "signature"])
@pytest.mark.parametrize("script", TROUBLE.values(), ids=TROUBLE)
@pytest.mark.promise("Quiet")
async def test_no_log_and_no_error_tells_a_secret(
    script: Script, caplog: pytest.LogCaptureFixture, *, signed: bool
) -> None:
    """Neither key, signature, URL nor personal data is in what the host prints of a failure, or in any log."""
    caplog.set_level(logging.DEBUG)
    text = sms("m-1", message="the secret text", to="+15550009999")
    async with ServerBesideTheTimeLine.start(script) as server:
        account = _signed_account(server) if signed else server.account
        async with sinking(account, Patience(attempts=2, attempt=0.3, whole=0.5, pause=0.01)) as sink:
            with pytest.raises(StorageError) as raised:
                await sink.receive(text, function="sms_events")

    printed = "".join(traceback.format_exception(raised.value)) + caplog.text
    for secret in (ACCOUNT_KEY, "c2VjcmV0", "SharedKey", "sig=", "http://", "the secret text", "15550009999"):
        assert secret not in printed
