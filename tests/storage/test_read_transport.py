"""What look-ups read with: azure-data-tables over this app's own HTTP client."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ServiceRequestError, ServiceResponseError
from azure.core.rest import HttpRequest

from acsevents.local.ports import free_port
from shared.lookups import EventQuery, Lookups
from shared.storage.connection import connect_to_read, disconnect
from shared.storage.sdk_transport import ReadTransport, read_transport
from tests.storage.misbehaving import MisbehavingServer, Script, answer, error, hang, hang_up, in_turn, raw, reset

ROOT = Path(__file__).parents[2]


@asynccontextmanager
async def reading(script: Script, seconds: float = 20) -> AsyncIterator[tuple[ReadTransport, str]]:
    """Start a server, and give what reads from it and its URL."""
    async with MisbehavingServer.start(script) as server:
        transport = read_transport(f"http://127.0.0.1:{server.port}", seconds)
        assert transport is not None
        async with transport:
            yield transport, f"http://127.0.0.1:{server.port}"


async def test_an_answer_is_what_the_sdk_expects() -> None:
    """By every name that azure-core reads it by."""
    says = answer(200, b'{"a": "\xc3\xa9"}', Content_Type="application/json", X_One="1")
    async with reading(lambda _: says) as (transport, url):
        request = HttpRequest("GET", f"{url}/account/Table()?$filter=a%20eq%20'b'")
        got = await transport.send(request)

        assert (got.status_code, got.reason, got.content_type) == (200, "OK", "application/json")
        assert (got.headers["x-one"], got.request, got.url) == ("1", request, request.url)
        assert (got.content, got.text(), got.json()) == (b'{"a": "\xc3\xa9"}', '{"a": "é"}', {"a": "é"})
        assert got.text("latin-1") == '{"a": "Ã©"}'
        assert (got.is_closed, got.is_stream_consumed, got.encoding) == (True, True, None)
        got.encoding = "latin-1"
        assert (got.encoding, got.text()) == ("latin-1", '{"a": "Ã©"}')
        assert await got.read() == got.content
        assert [piece async for piece in got.iter_raw()] == [piece async for piece in got.iter_bytes()] == [got.content]
        got.raise_for_status()
        await got.close()
        async with got:
            pass


async def test_a_request_is_sent_as_it_was_signed() -> None:
    """To the letter: path, query and headers."""
    async with MisbehavingServer.start(lambda _: answer(599)) as server:
        url = f"http://127.0.0.1:{server.port}"
        transport = read_transport(url, 20)
        assert transport is not None
        async with transport:
            target = "/account/Table()?$filter=RowKey%20eq%20'a%252Fb'&$top=1"
            got = await transport.send(HttpRequest("GET", url + target, headers={"x-ms-date": "today"}))

    assert [(one.method, one.target, one.headers["x-ms-date"]) for one in server.requests] == [("GET", target, "today")]
    assert (got.status_code, got.reason) == (599, "")
    with pytest.raises(HttpResponseError):
        got.raise_for_status()


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (hang, ServiceResponseError),
        (hang_up, ServiceResponseError),
        (reset, ServiceResponseError),
        (raw(b"hello\r\n\r\n"), ServiceResponseError),
    ],
    ids=["hangs", "hangs up", "resets", "speaks no HTTP"],
)
async def test_what_goes_wrong_is_an_error_of_the_sdk(script: Any, kind: type[AzureError]) -> None:
    """The command line and whoever follows know what to do about those."""
    async with reading(lambda _: script, seconds=0.5) as (transport, url):
        with pytest.raises(kind):
            await transport.send(HttpRequest("GET", f"{url}/account/Table()"))


async def test_a_server_out_of_reach_is_told_from_one_that_does_not_answer() -> None:
    """Nothing was sent."""
    url = f"http://127.0.0.1:{free_port()}"
    transport = read_transport(url, 20)
    assert transport is not None
    with pytest.raises(ServiceRequestError):
        await transport.send(HttpRequest("GET", f"{url}/account/Table()"))


async def test_what_passes_is_asked_again_and_large_pages_are_read_whole() -> None:
    """The SDK's own retries work with it; a page may take several MiB."""
    rows = [{"PartitionKey": "p", "RowKey": f"{number:04}", "Body": "x" * 5_000} for number in range(1_000)]
    page = answer(200, json.dumps({"value": rows}).encode(), Content_Type="application/json;odata=minimalmetadata")
    async with MisbehavingServer.start(in_turn(error(503, "ServerBusy"), page)) as server:
        client = connect_to_read(server.account, retries=2, read_seconds=20)
        found = [row["RowKey"] async for row in client.get_table_client("Table").query_entities("")]
        await disconnect(client)

    assert found == [row["RowKey"] for row in rows]
    assert len(server.requests) == 2


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"])
async def test_where_a_proxy_is_set_it_is_used(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By aiohttp, which knows how."""
    page = answer(200, b'{"value": []}', Content_Type="application/json")
    async with MisbehavingServer.start(lambda _: page) as proxy:
        account = msgspec.structs.replace(proxy.account, endpoint="http://contoso.invalid/devstoreaccount1")
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        transport = read_transport(account.endpoint, 20)
        if name.lower() == "http_proxy":
            async with Lookups(account) as lookups:
                assert [line async for line in lookups.lines(EventQuery())] == []
            assert all(one.target.startswith("http://contoso.invalid/") for one in proxy.requests)

    assert transport is None


def test_reading_imports_no_aiohttp() -> None:
    """Whose import takes longer than most look-ups."""
    code = (
        "import asyncio, sys\n"
        "from shared.lookups import Lookups, EventQuery\n"
        "from shared.storage.connection_string import parse_connection_string\n"
        "async def ask():\n"
        "    account = parse_connection_string(sys.argv[1])\n"
        "    async with Lookups(account) as lookups:\n"
        "        try: [line async for line in lookups.lines(EventQuery())]\n"
        "        except Exception as error: print(type(error).__name__)\n"
        "asyncio.run(ask())\n"
        "print('aiohttp' in sys.modules)"
    )
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;TableEndpoint=http://127.0.0.1:1/a;"
    ran = subprocess.run(
        [sys.executable, "-c", code, nowhere], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
    )

    assert ran.stdout.split() == ["ServiceRequestError", "False"]
