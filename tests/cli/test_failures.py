"""Failures are explained in one line that says what to do, with an exit code of their own."""

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from acsevents.local.ports import free_port
from tests.cli.running import Ran, in_a_pipe

AZURITE = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={key};TableEndpoint={endpoint}"


def told(ran: Ran) -> str:
    """Return the only line that was printed."""
    assert "" == ran.out
    assert 1 == ran.err.count("\n"), ran.err
    assert ran.err.startswith("acsevents: ")
    return ran.err


class _Answers(http.server.BaseHTTPRequestHandler):
    """Answers with the response that its server was given."""

    def do_GET(self) -> None:
        status, code, body = self.server.answer  # type: ignore[attr-defined]  # set by the fixture below
        self.send_response(status)
        if code:
            self.send_header("x-ms-error-code", code)
            body = json.dumps({"odata.error": {"code": code, "message": {"value": "no\nMore"}}})
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture(name="server")
def _server() -> Iterator[http.server.ThreadingHTTPServer]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.mark.parametrize(
    ("status", "code", "exit_code", "cure"),
    [
        (403, "AuthorizationPermissionMismatch", 3, "Storage Table Data Reader"),
        (403, "AuthenticationFailed", 3, "copy the connection string into EventTables again"),
        (403, "AuthorizationFailure", 3, "copy the connection string into EventTables again"),
        (401, "InvalidAuthenticationInfo", 3, "this machine's clock is right"),
        (429, "TooManyRequests", 3, "try again in a minute"),
        (503, "ServerBusy", 3, "try again in a minute"),
        (500, None, 3, "try again in a minute"),
        (404, "ResourceNotFound", 1, "no matching event is recorded"),
        (400, "InvalidInput", 1, "refused the request (InvalidInput)"),
        (200, None, 3, "is not a table service"),
    ],
)
def test_each_answer_of_the_service_has_its_cure(
    server: http.server.ThreadingHTTPServer, status: int, code: str | None, exit_code: int, cure: str
) -> None:
    """Without a traceback, the service's XML or the key."""
    server.answer = (status, code, "<html>hello</html>")  # type: ignore[attr-defined]  # the handler reads it
    endpoint = f"http://127.0.0.1:{server.server_address[1]}/devstoreaccount1"
    ran = in_a_pipe("events", EventTables=AZURITE.format(key="aGVsbG8=", endpoint=endpoint))

    assert cure in told(ran)
    assert exit_code == ran.code
    assert "aGVsbG8=" not in ran.err


@pytest.mark.parametrize(
    ("settings", "exit_code", "cure"),
    [
        ({}, 2, "set EventTables to a connection string"),
        ({"EventTables": "nonsense"}, 2, "UseDevelopmentStorage=true for Azurite"),
        ({"EventTabels": "x", "EventTables_": "y"}, 2, "is no setting of this app"),
        ({"EventTables": AZURITE.format(key="aGVsbG8=", endpoint=f"http://127.0.0.1:{free_port()}/a")}, 3, "make up"),
        (
            {"EventTables": "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=aGVsbG8=;EndpointSuffix=invalid"},
            3,
            "names the right account",
        ),
    ],
)
def test_settings_and_networks_that_do_not_work_are_named(
    settings: dict[str, str], exit_code: int, cure: str, tmp_path: Path
) -> None:
    """With the setting, and the value that it needs."""
    ran = in_a_pipe("numbers", **settings, HOME=str(tmp_path))

    assert cure in told(ran)
    assert exit_code == ran.code


def test_whoever_is_not_signed_in_is_sent_to_sign_in(tmp_path: Path) -> None:
    """In one line, without the log of azure-identity."""
    ran = in_a_pipe(
        "numbers",
        EventTables__tableServiceUri="https://nobody.table.core.windows.net",
        HOME=str(tmp_path),
        PATH=str(tmp_path),
        AZURE_TOKEN_CREDENTIALS="AzureCliCredential",
    )

    assert (3, True) == (ran.code, "az login" in told(ran))


@pytest.mark.parametrize(
    "arguments",
    [
        ["evnets"],
        ["events", "--since", "yesterday"],
        ["events", "--since", "999999w"],
        ["events", "--kind", "nothing"],
        ["events", "--limit", "-1"],
        ["events", "--follow", "--until", "1h"],
        ["event"],
        ["sms", "--report", "+15555550100", "some-message"],
        ["export", "--format", "xml"],
        ["up", "--host-port", "65536"],
        ["up", "--azurite-port", "65534"],
    ],
)
def test_what_is_typed_wrong_is_named(arguments: list[str]) -> None:
    """Exit code 2, as for every usage error; no table is queried."""
    ran = in_a_pipe(*arguments)

    assert (2, "") == (ran.code, ran.out)
    assert "Error: " in ran.err
    assert "Traceback" not in ran.err


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """With the reason."""
    ran = in_a_pipe("send", str(tmp_path / "nothing.json"))

    assert (2, True) == (ran.code, "nothing.json" in ran.err)
