"""How requests prove who sends them: managed identity over https only, and no library for it unless it is used."""

import asyncio
import logging
import ssl
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken, AzureNamedKeyCredential, AzureSasCredential
from azure.core.exceptions import ClientAuthenticationError

from shared.errors import SettingsError, StorageError
from shared.storage import connection
from shared.storage.authorization import authorization
from shared.storage.odata import encode
from shared.storage.settings import Account, read_settings
from shared.storage.tables import Patience, Tables
from tests.storage.misbehaving import MisbehavingServer, Request, Script, Step, answer, error, in_turn

PROJECT = Path(__file__).parents[2]
ROW = encode("SmsEvents", {"PartitionKey": "p", "RowKey": "r"})
TOKEN = "eyJ0b2tlbg"
PATIENCE = Patience(attempts=2, attempt=15, whole=15, pause=0.01)


class Identity:
    """A managed identity, as azure-identity's credentials are to their users."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.scopes: list[str] = []
        self.closed = False
        self._failure = failure

    async def get_token(self, *scopes: str, **_options: Any) -> AccessToken:
        """Give a token or fail."""
        self.scopes += scopes
        if self._failure is not None:
            raise self._failure
        return AccessToken(TOKEN, 4_102_444_800)

    async def close(self) -> None:
        """Close."""
        self.closed = True


@pytest.fixture(name="identity")
def _identity(monkeypatch: pytest.MonkeyPatch) -> Identity:
    """The identity that the app finds itself to have."""
    identity = Identity()
    monkeypatch.setattr(connection, "_managed_identity", lambda _account: identity)
    return identity


async def write(account: Account) -> None:
    """Write one row and close."""
    tables = Tables(account, PATIENCE)
    try:
        async with asyncio.timeout(20):
            await tables.upsert(ROW)
    finally:
        await tables.close()


def by_identity(server: MisbehavingServer) -> Account:
    """The account at a server, reached by managed identity."""
    return read_settings({"EventTables__tableServiceUri": server.endpoint})


async def test_a_managed_identity_sends_its_token_over_https(identity: Identity, trusted: ssl.SSLContext) -> None:
    """The token for storage is in the header of the write, and the credential is closed with the tables."""
    async with MisbehavingServer.start(in_turn(answer(204)), trusted) as server:
        await write(by_identity(server))

    (request,) = server.requests
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "x-ms-date" in request.headers
    assert request.headers["x-ms-version"] >= "2017-11-09"  # the first that takes tokens
    assert identity.scopes == ["https://storage.azure.com/.default"]
    assert identity.closed


async def test_a_table_is_created_with_the_same_identity(identity: Identity, trusted: ssl.SSLContext) -> None:
    """A missing table costs no second credential."""
    del identity

    def script(request: Request) -> Step:
        if request.table == "Tables":
            return error(409, "TableAlreadyExists")
        return answer(204) if len(server.requests) > 2 else error(404, "TableNotFound")

    async with MisbehavingServer.start(script, trusted) as server:
        await write(by_identity(server))

    assert [request.table for request in server.requests] == ["SmsEvents", "Tables", "SmsEvents"]
    assert {request.headers["authorization"] for request in server.requests} == {f"Bearer {TOKEN}"}


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_token_does_not_follow_a_redirect(status: int, trusted: ssl.SSLContext) -> None:
    """Whoever redirects a write to another place, in the clear or not, gets no second request."""
    async with MisbehavingServer.start(in_turn(answer(204))) as elsewhere:
        script = in_turn(answer(status, Location=elsewhere.endpoint))
        async with MisbehavingServer.start(script, trusted) as server:
            with pytest.raises(StorageError):
                await write(by_identity(server))

    assert elsewhere.requests == []


@pytest.mark.usefixtures("identity")
async def test_a_server_that_nobody_vouches_for_gets_no_token(tls: ssl.SSLContext) -> None:
    """An unknown certificate is storage trouble, found before anything is sent."""
    async with MisbehavingServer.start(in_turn(answer(204)), tls) as server:
        with pytest.raises(StorageError, match="SSLCertVerificationError"):
            await write(by_identity(server))

    assert server.requests == []


@pytest.mark.usefixtures("identity")
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


async def test_an_identity_that_gives_no_token_is_storage_trouble(identity: Identity, trusted: ssl.SSLContext) -> None:
    """The endpoint of identities may be down for a moment: it is asked again, then Event Grid delivers again."""
    identity._failure = ClientAuthenticationError("no token for you: client secret s3cret is wrong")
    async with MisbehavingServer.start(in_turn(answer(204)), trusted) as server:
        with pytest.raises(StorageError, match="ClientAuthenticationError") as raised:
            await write(by_identity(server))

    assert len(identity.scopes) == 2
    assert "s3cret" not in "".join(traceback.format_exception(raised.value))
    assert server.requests == []


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize("endpoint", ["http://contoso.table.core.windows.net", "HTTP://contoso.table.core.windows.net"])
def test_a_token_is_never_sent_in_the_clear(endpoint: str) -> None:
    """An http endpoint with managed identity is refused before anything is sent, naming the setting."""
    with pytest.raises(SettingsError, match=r"EventTables__tableServiceUri must be an https URL"):
        read_settings({"EventTables__tableServiceUri": endpoint})
    with pytest.raises(SettingsError, match="EventTables__tableServiceUri"):
        Tables(Account("EventTables__tableServiceUri", endpoint=endpoint))


@pytest.mark.parametrize(
    ("account", "imported"),
    [
        ("Account('EventTables', connection_string='UseDevelopmentStorage=true')", False),
        ("Account('EventTables', endpoint='https://contoso.table.core.windows.net', client_id='c')", True),
    ],
)
def test_azure_identity_is_imported_only_when_it_is_used(account: str, *, imported: bool) -> None:
    """It is half the cold start of the app: who uses a connection string does not pay for it."""
    program = (
        "import asyncio, sys\nimport function_app\nfrom shared.storage.settings import Account\n"
        "from shared.storage.tables import Tables\n"
        f"async def main():\n    await Tables({account}).close()\nasyncio.run(main())\n"
        "print('azure.identity' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=PROJECT, text=True, capture_output=True, check=True, timeout=60
    )

    assert done.stdout.strip() == str(imported)


async def test_the_signature_of_an_account_key_is_the_documented_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """SharedKeyLite signs date and path; the expected signature was made with openssl from the documented formula."""
    monkeypatch.setattr("shared.storage.authorization.formatdate", lambda **_options: "Thu, 01 Jan 2026 00:00:00 GMT")
    signer = authorization(AzureNamedKeyCredential("contoso", "a2V5"))
    headers = await signer.headers("/SmsEvents(PartitionKey='%2B1',RowKey='r')")

    assert headers == {
        "x-ms-date": "Thu, 01 Jan 2026 00:00:00 GMT",
        "Authorization": "SharedKeyLite contoso:10ml+s5tQcM2gEoCKKNRtAsjGEHOg7743W6BuCwcT7U=",
    }


@pytest.mark.parametrize("signature", ["sv=1&sig=a%2Bb%3D", "?sv=1&sig=a%2Bb%3D"])
async def test_a_signature_goes_into_the_url_as_it_is(signature: str) -> None:
    """With or without its question mark, and not encoded a second time; no header tells it."""
    signer = authorization(AzureSasCredential(signature))

    assert signer.query == "?sv=1&sig=a%2Bb%3D"
    assert list(await signer.headers("/SmsEvents")) == ["x-ms-date"]
