"""Fixtures for TLS: the server's side, and the trust in its certificate authority."""

import ssl
from pathlib import Path

import pytest
import trustme

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
