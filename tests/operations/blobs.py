"""The real Azurite's blob service, with a container that is read by a signature."""

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY
from acsevents.local.node import toolchain
from acsevents.local.ports import free_port

PROGRAM = Path(__file__).parents[2] / "node_modules/azurite/dist/src/blob/main.js"
START_SECONDS = 60.0
# The system closes the pipe when this process dies, however hard.
STOP_AT_END_OF_INPUT = """
process.stdin.on("end", () => process.exit()).resume();
require(process.argv[1]);
"""


@contextlib.contextmanager
def blob_container(name: str, blobs: Mapping[str, bytes]) -> Iterator[str]:
    """Start the service, fill a container and give its URL, signature and all."""
    port = free_port()
    with TemporaryDirectory() as folder:
        command = [
            toolchain().node,
            "-e",
            STOP_AT_END_OF_INPUT,
            "--",
            str(PROGRAM),
            "--blobHost",
            "127.0.0.1",
            "--blobPort",
            str(port),
        ]
        command += ["--inMemoryPersistence", "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as azurite:
            try:
                _wait_for(port)
                yield _filled(f"http://127.0.0.1:{port}/{ACCOUNT}/{name}", name, blobs)
            finally:
                azurite.terminate()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


def _filled(url: str, name: str, blobs: Mapping[str, bytes]) -> str:
    with ContainerClient.from_container_url(url, credential=ACCOUNT_KEY) as container:
        container.create_container()
        for blob, content in blobs.items():
            container.upload_blob(blob, content)
    signature = generate_container_sas(
        ACCOUNT,
        name,
        account_key=ACCOUNT_KEY,
        permission=ContainerSasPermissions(read=True, list=True),
        expiry=datetime.now(UTC) + timedelta(hours=1),
    )
    return f"{url}?{signature}"
