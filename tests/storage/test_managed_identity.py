"""How requests prove who sends them by managed identity: asked where Azure provides it, told over https only."""

import asyncio
import json
import logging
import os
import ssl
import traceback
from collections.abc import AsyncIterator
from urllib.parse import parse_qs, urlsplit

import pytest

from shared.errors import SettingsError, StorageError
from shared.storage.account import Account
from shared.storage.settings import read_settings
from shared.storage.tables import Patience, Tables
from tests.storage.misbehaving import HOST, MisbehavingServer, Request, Script, Step, answer, error, in_turn
from tests.storage.rows import encode

ROW = encode("SmsEvents", {"PartitionKey": "p", "RowKey": "r"})
TOKEN = "eyJ0b2tlbg"
IDENTITY_SECRET = "whoever-knows-it-is-this-app"
PATIENCE = Patience(attempts=2, attempt=15, whole=15, pause=0.01)


def token() -> Step:
    """Answer as the identity endpoint of App Service does."""
    told = {"access_token": TOKEN, "expires_on": "4102444800", "resource": "x", "token_type": "Bearer"}
    return answer(200, json.dumps(told).encode(), Content_Type="application/json")


class Provided:
    """Where Azure provides a managed identity: the endpoint that its environment names, and what it is asked."""

    def __init__(self, server: MisbehavingServer) -> None:
        self.server = server

    @property
    def asked(self) -> list[dict[str, list[str]]]:
        """The query of each request."""
        return [parse_qs(urlsplit(request.target).query) for request in self.server.requests]


@pytest.fixture(name="provided")
async def _provided(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Provided]:
    """An identity endpoint over real HTTP, which azure-identity finds as on Azure."""
    async with MisbehavingServer.start(in_turn(token())) as server:
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"http://{HOST}:{server.port}/msi/token")
        monkeypatch.setenv("IDENTITY_HEADER", IDENTITY_SECRET)
        yield Provided(server)


async def write(account: Account, rows: int = 1) -> None:
    """Write rows at the same time and close."""
    tables = Tables(account, PATIENCE)
    try:
        await asyncio.gather(*(tables.upsert(ROW) for _ in range(rows)))
    finally:
        await tables.close()


def by_identity(server: MisbehavingServer, **settings: str) -> Account:
    """The account at a server, reached by managed identity."""
    return read_settings({"EventTables__tableServiceUri": server.endpoint, **os.environ, **settings})


async def test_a_managed_identity_sends_its_token_over_https(provided: Provided, trusted: ssl.SSLContext) -> None:
    """The token for storage is in the header of the write, and the endpoint that Azure provides is asked for it."""
    async with MisbehavingServer.start(in_turn(answer(204)), trusted) as server:
        await write(by_identity(server))

    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "x-ms-date" in request.headers
    assert request.headers["x-ms-version"] >= "2017-11-09"  # the first that takes tokens
    assert [asked["resource"] for asked in provided.asked] == [["https://storage.azure.com"]]
    assert provided.server.requests[0].headers["x-identity-header"] == IDENTITY_SECRET


async def test_a_user_assigned_identity_is_asked_for_by_its_client_id(
    provided: Provided, trusted: ssl.SSLContext
) -> None:
    """`EventTables__clientId` chooses among the identities of the app."""
    async with MisbehavingServer.start(in_turn(answer(204)), trusted) as server:
        await write(by_identity(server, EventTables__clientId="the-one"))

    assert [asked["client_id"] for asked in provided.asked] == [["the-one"]]


async def test_writes_at_the_same_time_ask_for_one_token(provided: Provided, trusted: ssl.SSLContext) -> None:
    """A worker that starts into a burst does not storm the identity endpoint."""
    async with MisbehavingServer.start(in_turn(answer(204)), trusted) as server:
        await write(by_identity(server), rows=50)

    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {TOKEN}"}
    assert len(server.requests) == 50
    assert len(provided.server.requests) == 1


async def test_a_provided_identity_is_asked_before_anything_else(
    provided: Provided, trusted: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Settings meant for another program's sign-in do not lead anywhere else first."""
    for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"):
        monkeypatch.setenv(name, "00000000-0000-0000-0000-000000000000")
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", f"https://{HOST}:1")
    async with MisbehavingServer.start(in_turn(answer(204)), trusted) as server:
        await write(by_identity(server))

    assert len(server.requests) == len(provided.server.requests) == 1


async def test_a_table_is_created_with_the_same_identity(provided: Provided, trusted: ssl.SSLContext) -> None:
    """The identity that writes creates the missing table too."""

    def script(request: Request) -> Step:
        if request.table == "Tables":
            return error(409, "TableAlreadyExists")
        return answer(204) if len(server.requests) > 2 else error(404, "TableNotFound")

    async with MisbehavingServer.start(script, trusted) as server:
        await write(by_identity(server, EventTables__clientId="the-one"))

    assert [request.table for request in server.requests] == ["SmsEvents", "Tables", "SmsEvents"]
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {TOKEN}"}
    assert {asked["client_id"][0] for asked in provided.asked} == {"the-one"}


@pytest.mark.usefixtures("provided")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_token_does_not_follow_a_redirect(status: int, trusted: ssl.SSLContext) -> None:
    """Whoever redirects a write to another place, in the clear or not, gets no second request."""
    async with MisbehavingServer.start(in_turn(answer(204))) as elsewhere:
        script = in_turn(answer(status, Location=elsewhere.endpoint))
        async with MisbehavingServer.start(script, trusted) as server:
            with pytest.raises(StorageError):
                await write(by_identity(server))

    assert elsewhere.requests == []


@pytest.mark.usefixtures("provided")
async def test_a_server_that_nobody_vouches_for_gets_no_token(tls: ssl.SSLContext) -> None:
    """An unknown certificate is storage trouble, found before anything is sent."""
    async with MisbehavingServer.start(in_turn(answer(204)), tls) as server:
        with pytest.raises(StorageError, match="SSLCertVerificationError"):
            await write(by_identity(server))

    assert server.requests == []


@pytest.mark.usefixtures("provided")
@pytest.mark.parametrize("script", [in_turn(answer(401)), in_turn(error(403, "AuthorizationPermissionMismatch"))])
@pytest.mark.promise("Quiet")
async def test_no_log_and_no_error_tells_the_token(
    script: Script, trusted: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    """An identity without rights is told so, without its token or the URL."""
    caplog.set_level(logging.DEBUG)
    async with MisbehavingServer.start(script, trusted) as server:
        with pytest.raises(StorageError, match=r"40[13]") as raised:
            await write(by_identity(server))

    printed = "".join(traceback.format_exception(raised.value)) + caplog.text
    assert TOKEN not in printed
    assert "https://127.0.0.1" not in printed


async def test_an_identity_that_gives_no_token_is_storage_trouble(provided: Provided, trusted: ssl.SSLContext) -> None:
    """The endpoint of identities may be down for a moment: it is asked again, then Event Grid delivers again."""
    provided.server.script = in_turn(answer(400, b'{"message": "no token for you: client secret s3cret is wrong"}'))
    async with MisbehavingServer.start(in_turn(answer(204)), trusted) as server:
        with pytest.raises(StorageError, match="out of reach: ClientAuthenticationError") as raised:
            await write(by_identity(server))

    assert len(provided.server.requests) >= 2
    assert "s3cret" not in "".join(traceback.format_exception(raised.value))
    assert server.requests == []


@pytest.mark.parametrize("endpoint", ["http://contoso.table.core.windows.net", "HTTP://contoso.table.core.windows.net"])
def test_a_token_is_never_sent_in_the_clear(endpoint: str) -> None:
    """An http endpoint with managed identity is refused before anything is sent, naming the setting."""
    with pytest.raises(SettingsError, match=r"EventTables__tableServiceUri must be an https URL"):
        read_settings({"EventTables__tableServiceUri": endpoint})


async def test_an_identity_that_cannot_be_is_an_error_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workload identity without a client id, for one; the setting is named, not a stack of the SDK."""
    for name in ("AZURE_AUTHORITY_HOST", "AZURE_TENANT_ID", "AZURE_FEDERATED_TOKEN_FILE"):
        monkeypatch.setenv(name, "x")
    monkeypatch.delenv("AZURE_CLIENT_ID", raising=False)
    settings = {"EventTables__tableServiceUri": "https://a.example", "EventTables__credential": "managedidentity"}
    with pytest.raises(SettingsError, match="EventTables__tableServiceUri"):
        Tables(read_settings(settings))
