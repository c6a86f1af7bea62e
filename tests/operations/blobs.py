"""The real Azurite's blob service, with a container that is read by a signature."""

import contextlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from azure.storage.blob import ContainerClient, ContainerSasPermissions, generate_container_sas

from acsevents.local.azurite import ACCOUNT, ACCOUNT_KEY, Azurite
from acsevents.local.ports import free_port


@contextlib.contextmanager
def blob_container(name: str, blobs: Mapping[str, bytes]) -> Iterator[str]:
    """Start the service, fill a container and give its URL, signature and all."""
    port = free_port()
    listen = (f"--blobPort={port}", f"--queuePort={free_port()}", "--blobHost=127.0.0.1", "--queueHost=127.0.0.1")
    with Azurite(free_port(), "azurite.js", *listen, "--inMemoryPersistence") as azurite:
        assert azurite.wait_until_started() is None
        yield _filled(f"http://127.0.0.1:{port}/{ACCOUNT}/{name}", name, blobs)


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
