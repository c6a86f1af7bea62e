"""Fixtures for the stand-in Table endpoint."""

from collections.abc import Iterator

import pytest

from benchmarks.table_server import TableServer


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[TableServer]:
    """Start a server with a store."""
    with TableServer.start(store=True) as server:
        yield server
