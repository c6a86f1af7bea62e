"""Ports of this machine."""

import socket


def free_port() -> int:
    """Name a TCP port of 127.0.0.1 that is free now; somebody may take it before the caller does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
