"""The authorization of each request, and its cost."""

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Iterator
from email.utils import formatdate
from math import inf
from types import SimpleNamespace
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from shared.storage import authorization as module
from shared.storage.account import Account, AccountKey, Signature
from shared.storage.authorization import Authorization, Bearer, NoToken, authorization

NEW_YEAR = 1_767_225_600.0  # Thu, 01 Jan 2026 00:00:00 GMT
DAY = 86_400.0
PATH = "/SmsEvents(PartitionKey='%2B1',RowKey='r')"


class Clock:
    """The clock that authorizations read."""

    now = NEW_YEAR


@pytest.fixture(name="clock")
def _clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return a clock that the test sets."""
    clock = Clock()
    monkeypatch.setattr(module, "time", lambda: clock.now)
    return clock


def by_key() -> Authorization:
    """Return an authorization by account key."""
    return authorization(Account("EventTables", "https://contoso.example", AccountKey("contoso", "a2V5")))


def by_signature(query: str = "sv=1&sig=a%2Bb%3D") -> Authorization:
    """Return an authorization by shared access signature."""
    return authorization(Account("EventTables", "https://contoso.example", Signature(query)))


async def test_the_signature_of_an_account_key_is_the_documented_one(clock: Clock) -> None:
    """SharedKeyLite signs date and path; the expected signature was made with openssl from the documented formula."""
    del clock
    expected = {
        "x-ms-date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "Authorization": "SharedKeyLite contoso:10ml+s5tQcM2gEoCKKNRtAsjGEHOg7743W6BuCwcT7U=",
    }
    signer = by_key()

    assert await signer.headers(PATH, inf) == expected
    assert await signer.headers("/Other", inf) != expected
    assert await signer.headers(PATH, inf) == expected


async def test_each_second_has_its_own_date_and_signature(clock: Clock) -> None:
    """The service refuses signatures that are older than a quarter of an hour."""
    signer = by_key()
    first = await signer.headers(PATH, inf)
    clock.now += 0.999
    same = await signer.headers(PATH, inf)
    clock.now += 0.001
    second = await signer.headers(PATH, inf)
    clock.now -= 1  # as when a clock is set
    again = await signer.headers(PATH, inf)

    assert same == first
    assert second["x-ms-date"] == "Thu, 01 Jan 2026 00:00:01 GMT"
    assert second["Authorization"] != first["Authorization"]
    assert again == first


@pytest.mark.parametrize("make", [by_key, by_signature])
async def test_a_date_is_written_once_a_second(make: Any, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """A thousand requests of one second share its text."""
    written: list[float] = []

    def counted(when: float, *, usegmt: bool) -> str:
        written.append(when)
        return formatdate(when, usegmt=usegmt)

    monkeypatch.setattr(module, "formatdate", counted)
    module._date.cache_clear()
    signer = make()
    for request in range(1_000):
        clock.now = NEW_YEAR + request / 1_000
        await signer.headers(PATH, inf)

    assert written == [NEW_YEAR]


@pytest.fixture(name="waiting_thread")
def _waiting_thread() -> Iterator[SimpleNamespace]:
    """Run a thread that counts whenever it gets the interpreter lock, which happens only if the lock is released."""
    counter = SimpleNamespace(turns=0, stop=False)

    def count() -> None:
        while not counter.stop:
            counter.turns += 1
            time.sleep(0)

    interval = sys.getswitchinterval()
    thread = threading.Thread(target=count)
    sys.setswitchinterval(3_600)
    thread.start()
    while counter.turns < 10:
        time.sleep(0)
    try:
        yield counter
    finally:
        counter.stop = True
        sys.setswitchinterval(interval)
        thread.join()


@pytest.mark.parametrize("make", [by_key, by_signature])
def test_signing_never_gives_the_interpreter_lock_away(make: Any, waiting_thread: SimpleNamespace) -> None:
    """The worker's gRPC threads wait for the lock: to release it costs waiting to get it back."""
    signer = make()
    turns = waiting_thread.turns
    for _ in range(5_000):
        _finish(signer.headers(PATH, inf))

    assert waiting_thread.turns == turns


def _finish(coroutine: Any) -> None:
    """Run a coroutine that never waits."""
    with pytest.raises(StopIteration):
        coroutine.send(None)


@pytest.mark.parametrize("signature", ["sv=1&sig=a%2Bb%3D", "a=%E2%82%AC"])
async def test_a_signature_goes_into_the_url_as_it_is(signature: str) -> None:
    """It is not encoded again, and no header contains it."""
    signer = by_signature(signature)

    assert signer.query == f"?{signature}"
    assert list(await signer.headers("/SmsEvents", inf)) == ["x-ms-date"]


class Credential:
    """A credential with the interface of azure-identity, which answers when the test allows it."""

    def __init__(self, clock: Clock) -> None:
        self.asked = 0
        self.closed = False
        self.failure: Exception | None = None
        self.answers = asyncio.Event()
        self.answers.set()
        self._clock = clock

    async def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Return a token for a day, or fail."""
        assert scopes == ("https://storage.azure.com/.default",)
        self.asked += 1
        number = self.asked
        await self.answers.wait()
        if self.failure is not None:
            raise self.failure
        return AccessToken(f"token-{number}", int(self._clock.now + DAY))

    async def get_token_info(self, *_scopes: str, **_options: Any) -> Any:
        """Fail, since nobody calls it."""
        raise NotImplementedError

    async def close(self) -> None:
        """Close."""
        self.closed = True

    async def __aenter__(self) -> Any:
        """Open."""
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Close."""


@pytest.fixture(name="credential")
async def _credential(clock: Clock) -> Credential:
    """Return a credential that answers at once."""
    return Credential(clock)


async def _token(bearer: Bearer) -> str:
    return (await bearer.headers(PATH, inf))["Authorization"].removeprefix("Bearer ")


async def _settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_token_is_asked_for_once_a_minute_at_most(credential: Credential, clock: Clock) -> None:
    """The credential caches and renews it; asking per request would cost more than signing with a key."""
    bearer = Bearer(credential)
    assert [await _token(bearer) for _ in range(100)] == ["token-1"] * 100

    clock.now += 61
    assert [await _token(bearer) for _ in range(100)] == ["token-1"] * 100
    await _settle()
    assert [await _token(bearer) for _ in range(100)] == ["token-2"] * 100
    assert credential.asked == 2


async def test_while_the_last_token_is_good_nobody_waits_for_the_next(credential: Credential, clock: Clock) -> None:
    """An identity endpoint that hangs or fails for hours does not delay writes."""
    bearer = Bearer(credential)
    await _token(bearer)
    credential.answers.clear()
    clock.now += DAY / 2
    assert await _token(bearer) == "token-1"
    await _settle()
    credential.failure = ClientAuthenticationError("down")
    credential.answers.set()
    await _settle()

    assert await _token(bearer) == "token-1"
    clock.now += 61
    assert await _token(bearer) == "token-1"
    assert credential.asked == 2


async def test_a_token_at_its_end_is_not_sent(credential: Credential, clock: Clock) -> None:
    """The service would answer 401; without another token the write fails as storage trouble."""
    bearer = Bearer(credential)
    await _token(bearer)
    clock.now += DAY - 1
    credential.failure = ClientAuthenticationError("down")
    with pytest.raises(NoToken, match=r"^ClientAuthenticationError$"):
        await _token(bearer)
    credential.failure = None

    assert await _token(bearer) == "token-3"


async def test_one_who_gives_up_does_not_take_the_question_of_the_others_with_it(credential: Credential) -> None:
    """All callers that wait for the first token share one request for it."""
    bearer = Bearer(credential)
    credential.answers.clear()
    waiting = [asyncio.create_task(_token(bearer)) for _ in range(10)]
    await _settle()
    waiting[0].cancel()
    await _settle()
    credential.answers.set()
    got = await asyncio.gather(*waiting, return_exceptions=True)

    assert isinstance(got[0], asyncio.CancelledError)
    assert got[1:] == ["token-1"] * 9
    assert credential.asked == 1


async def test_a_question_that_is_never_answered_is_given_up(
    credential: Credential, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that hangs must not block later callers."""
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.01)
    bearer = Bearer(credential)
    credential.answers.clear()
    with pytest.raises(NoToken, match=r"^TimeoutError$"):
        await _token(bearer)
    credential.answers.set()

    assert await _token(bearer) == "token-2"


async def test_closing_ends_a_question_and_the_credential(
    credential: Credential, caplog: pytest.LogCaptureFixture
) -> None:
    """No task is left, and no exception is reported as unretrieved."""
    bearer = Bearer(credential)
    credential.answers.clear()
    waiting = asyncio.create_task(_token(bearer))
    await _settle()
    with caplog.at_level(logging.DEBUG):
        await bearer.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert credential.closed
    assert caplog.text == ""
