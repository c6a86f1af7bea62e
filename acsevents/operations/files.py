"""Read events to replay or send from a file, standard input, a folder or a blob container."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from urllib.parse import parse_qs, unquote, urlsplit

from acsevents.failures import Unusable
from acsevents.operations.event_texts import Malformed, event_texts, without_dead_letter_members
from acsevents.operations.replay import FromFile

if TYPE_CHECKING:
    from azure.identity.aio import DefaultAzureCredential

PIECE: Final = 1024 * 1024
_SUFFIXES: Final = frozenset({".json", ".jsonl", ".ndjson"})


async def replayable_events(source: str) -> AsyncIterator[FromFile]:
    """Yield the events of a file, of standard input (`-`), of all JSON files in a folder, or of all blobs at a URL.

    Raises:
        Unusable: there is nothing to read, it is not JSON, the URL names no container, or a token would be sent
            unencrypted.
    """
    async for event in _events_at(source):
        yield FromFile(event.where, without_dead_letter_members(event.text))


def _events_at(source: str) -> AsyncIterator[FromFile]:
    if source == "-":
        return events_of_standard_input()
    if source.startswith(("https://", "http://")):
        return _events_of_blobs(source)
    if Path(source).is_dir():
        return _events_of_folder(Path(source))
    return events_of_file(Path(source))


async def events_of_file(path: Path) -> AsyncIterator[FromFile]:
    """Yield the events of a file, unchanged.

    Raises:
        Unusable: there is no such file, or it is not JSON.
    """
    try:
        with path.open("rb") as file:
            async for event in _events(str(path), _pieces(file)):
                yield event
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error


async def events_of_standard_input(descriptor: int = 0) -> AsyncIterator[FromFile]:
    """Yield the events that are piped in or typed; Ctrl-C ends the wait for them."""
    async for event in _events("standard input", _pieces_of_stream(descriptor)):
        yield event


async def events_of_text(text: str) -> AsyncIterator[FromFile]:
    """Yield the events of a text that a user entered.

    Raises:
        Unusable: it is not JSON.
    """

    async def whole() -> AsyncIterator[bytes]:
        yield text.encode(errors="replace")

    async for event in _events("the text", whole()):
        yield event


async def _events_of_folder(folder: Path) -> AsyncIterator[FromFile]:
    for file in _json_files(folder):
        async for event in events_of_file(file):
            yield event


def _json_files(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES and path.is_file())
    if not files:
        raise Unusable(f"{folder}: no file name there ends with {' or '.join(sorted(_SUFFIXES))}")
    return files


async def _events_of_blobs(url: str) -> AsyncIterator[FromFile]:
    from azure.core.exceptions import AzureError  # noqa: PLC0415  needed only for blobs, and not installed with the app
    from azure.storage.blob.aio import ContainerClient, ExponentialRetry  # noqa: PLC0415  the same

    from acsevents.azure_failures import explanation_of_blobs  # noqa: PLC0415  the same

    container, prefix = _container_and_prefix(url)
    credential = None if "sig" in parse_qs(urlsplit(url).query) else _credential(url)
    patience = ExponentialRetry(1, 2)  # by default the first of three retries comes after 15 s
    async with ContainerClient.from_container_url(
        container, credential, retry_policy=patience, connection_timeout=5, read_timeout=30
    ) as client:
        try:
            async for blob in client.list_blobs(name_starts_with=prefix or None):
                download = await client.download_blob(blob.name)
                async for event in _events(blob.name, download.chunks()):
                    yield event
        except AzureError as error:
            raise explanation_of_blobs(error, container.partition("?")[0]) from error
        finally:
            if credential is not None:
                await credential.close()


async def _events(where: str, pieces: AsyncIterator[bytes]) -> AsyncIterator[FromFile]:
    number = 0
    try:
        async for text in event_texts(pieces):
            number += 1
            yield FromFile(f"{where}, event {number}", text)
    except Malformed as error:
        raise Unusable(f"{where}: {error}") from error


async def _pieces(file: BinaryIO) -> AsyncIterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


async def _pieces_of_stream(descriptor: int) -> AsyncIterator[bytes]:
    while True:
        await _readable(descriptor)  # Ctrl-C would not end a blocking read
        piece = os.read(descriptor, PIECE)
        if not piece:
            return
        yield piece


async def _readable(descriptor: int) -> None:
    there = asyncio.Event()
    loop = asyncio.get_running_loop()
    try:
        loop.add_reader(descriptor, there.set)
    except PermissionError:  # a file, which never blocks
        return
    try:
        await there.wait()
    finally:
        loop.remove_reader(descriptor)


def _container_and_prefix(url: str) -> tuple[str, str]:
    """Split `https://ACCOUNT.blob.core.windows.net/CONTAINER/PREFIX?SIGNATURE` after the container.

    Azurite's URLs have the account before the container, as the first part of the path.
    """
    parts = urlsplit(url)
    by_host = ".blob." in (parts.hostname or "")
    account, *rest = ["", *parts.path.strip("/").split("/")] if by_host else parts.path.strip("/").split("/")
    if not rest or not rest[0]:
        raise Unusable("the URL names no container: write https://ACCOUNT.blob.core.windows.net/CONTAINER")
    path = "/".join(part for part in ("", account, rest[0]) if part)
    return parts._replace(path=f"/{path}", fragment="").geturl(), unquote("/".join(rest[1:]))


def _credential(url: str) -> "DefaultAzureCredential":
    from azure.identity.aio import DefaultAzureCredential  # noqa: PLC0415  needed only for URLs without a signature

    if not url.startswith("https://"):
        raise Unusable("the URL must begin with https: a token is never sent unencrypted")
    return DefaultAzureCredential()
