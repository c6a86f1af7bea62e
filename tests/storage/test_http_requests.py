"""What a request looks like on the wire, and which ones are not sent."""

import pytest

from shared.storage.http import Origin, header_lines
from tests.storage.connected import LARGE, WRITTEN, ask, connected
from tests.storage.misbehaving import HOST, Request, in_turn


@pytest.mark.parametrize("body", [b"", b"{}", LARGE], ids=["none", "small", "large"])
async def test_a_request_arrives_as_it_was_given(body: bytes) -> None:
    """Method, target, headers and body, with the host and the length beside them."""
    async with connected(in_turn(WRITTEN)) as (connection, server):
        await ask(connection, body)

    expected = {"host": f"{HOST}:{server.port}", "x-header": "yes", "content-length": str(len(body))}
    assert server.requests == [Request("PUT", "/a/T(x='1')?q=2", expected, body)]


@pytest.mark.parametrize(
    ("origin", "authority"),
    [
        (Origin("contoso.table.core.windows.net", None, tls=True), "contoso.table.core.windows.net"),
        (Origin("localhost", 10002, tls=False), "localhost:10002"),
        (Origin("::1", 10002, tls=False), "[::1]:10002"),
    ],
)
def test_the_host_is_named_as_in_an_url(origin: Origin, authority: str) -> None:
    """With the port that the URL has; an IPv6 address in brackets."""
    assert origin.authority == authority


@pytest.mark.parametrize("value", ["one\r\nX-Injected: two", "one\ntwo", "one\rtwo", "é"])
async def test_a_header_that_would_break_the_request_is_not_sent(value: str) -> None:
    """Line breaks and what is not ASCII are the caller's bug; the error does not quote the header."""
    async with connected(in_turn(WRITTEN)) as (connection, server):
        with pytest.raises(ValueError, match=r"line break|ascii") as raised:
            await connection.send("PUT", "/", header_lines({"X-Header": value}), b"", deadline=0)

    assert "one" not in str(raised.value)
    assert server.opened == 0


@pytest.mark.parametrize("target", ["/a\r\nX-Injected: two", "/a\nb", "/a\rb", "/é"])
async def test_a_target_that_would_break_the_request_is_not_sent(target: str) -> None:
    """The caller percent-encodes it; the error does not quote it."""
    async with connected(in_turn(WRITTEN)) as (connection, server):
        with pytest.raises(ValueError, match=r"line break|ascii") as raised:
            await connection.send("PUT", target, "", b"", deadline=0)

    assert "/a" not in str(raised.value)
    assert server.opened == 0
