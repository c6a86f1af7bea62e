"""Requests over TLS: the same replies, and whom a connection trusts."""

import ssl

import pytest
import trustme

from shared.storage.http import Connection, Origin
from shared.storage.stream import ReplyLost
from tests.storage.connected import LARGE, SAYS, WRITTEN, ask, bodies, connected
from tests.storage.misbehaving import (
    HOST,
    DeafServer,
    answer,
    hang,
    hang_up,
    in_turn,
    last,
)


@pytest.mark.parametrize("body", [b"{}", LARGE], ids=["small", "large"])
async def test_over_tls_all_is_the_same(trusted: ssl.SSLContext, body: bytes) -> None:
    """Kept, lost on a kept connection, sent again whole."""
    async with connected(in_turn(WRITTEN, WRITTEN, hang_up, WRITTEN), trusted) as (connection, server):
        for _ in range(3):
            assert (await ask(connection, body)).status == 204

    assert bodies(server.requests) == [body] * 4
    assert server.opened == 2


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS)
async def test_over_tls_a_reply_that_is_cut_at_any_byte_is_lost(trusted: ssl.SSLContext, says: bytes) -> None:
    """Half a reply is none."""
    cuts = range(len(says))
    async with connected(in_turn(*[last(says[:cut]) for cut in cuts]), trusted) as (connection, _):
        for _cut in cuts:
            with pytest.raises(ReplyLost):
                await ask(connection)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tls: ssl.SSLContext) -> None:
    """Nothing is sent to a server that only claims to be the right one."""
    async with connected(in_turn(WRITTEN), tls) as (connection, server):
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(connection)

    assert server.requests == []


async def test_a_certificate_of_another_host_is_refused(trusted: ssl.SSLContext, authority: trustme.CA) -> None:
    """The authority is trusted, the name is not this machine's."""
    authority.issue_cert("elsewhere.example").configure_cert(trusted)
    async with connected(in_turn(WRITTEN), trusted) as (connection, server):
        with pytest.raises(ssl.SSLCertVerificationError):
            await ask(connection)

    assert server.requests == []


@pytest.mark.usefixtures("trusted")
async def test_a_server_without_tls_is_refused() -> None:
    """Whoever answers in the clear where TLS is wanted is heard no further."""
    async with DeafServer.start(in_turn(answer(204))) as server:
        with pytest.raises(ssl.SSLError):
            await ask(Connection(Origin(HOST, server.port, tls=True)))


@pytest.mark.usefixtures("trusted")
async def test_a_handshake_that_hangs_is_given_up_in_time() -> None:
    """The deadline counts for it too."""
    async with DeafServer.start(in_turn(hang)) as server:
        with pytest.raises(TimeoutError):
            await ask(Connection(Origin(HOST, server.port, tls=True)), seconds=0.1)
