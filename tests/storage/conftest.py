"""Fixtures for TLS, the server's side and the trust in its certificate authority, and for group commit."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trustme

from shared.storage.group_commit import GroupCommit
from tests.storage.committing import idle
from tests.storage.fake_writer import FakeWriter
from tests.storage.misbehaving import HOST


@pytest.fixture(name="authority", scope="session")
def _authority() -> trustme.CA:
    """Create a certificate authority that nobody trusts yet."""
    return trustme.CA()


@pytest.fixture(name="tls")
def _tls(authority: trustme.CA) -> ssl.SSLContext:
    """Return the server's side of TLS, with a certificate for this machine."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(HOST).configure_cert(context)
    return context


@pytest.fixture(name="trusted")
def _trusted(
    tls: ssl.SSLContext, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> ssl.SSLContext:
    """Return the server's side of TLS, with its authority trusted by the system."""
    file = tmp_path / "authorities.pem"
    authority.cert_pem.write_to_path(str(file))
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    # aiohttp asked the system when it was imported.
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", ssl.create_default_context())
    return tls


@pytest.fixture(name="writer")
def _writer() -> FakeWriter:
    """Return a writer that holds every call until the test lets it end."""
    return FakeWriter(holding=True)


@pytest.fixture(name="commit")
async def _commit(writer: FakeWriter) -> AsyncIterator[GroupCommit]:
    """Return a group commit that must be idle at the end of the test."""
    commit = GroupCommit(writer)
    yield commit
    writer.release()
    await commit.close()
    assert idle(commit)
