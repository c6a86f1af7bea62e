"""Where events to replay are read from: files, folders, standard input, the dead-letter container."""

import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from acsevents.failures import Failure, NotFound, OutOfReach, Refused, Unusable
from acsevents.local.ports import listening
from acsevents.operations import files
from acsevents.operations.files import events_of_standard_input, replayable_events
from tests import samples
from tests.operations.blobs import blob_container

ADDED = {"deadLetterReason": "TimeToLiveExceeded", "deliveryAttempts": 30, "lastDeliveryOutcome": "Busy"}
EVENT = samples.event("2025/SMSReceived")
CLOUD = samples.FORMS["CloudEvents object"](samples.event("2025/ChatThreadCreated"))


def letters(*events: dict[str, Any]) -> bytes:
    """Write a dead-letter file as Event Grid does, in either schema."""
    spelled = [
        {name.lower() if "specversion" in event else name: value for name, value in ADDED.items()} for event in events
    ]
    return json.dumps([event | added for event, added in zip(events, spelled, strict=True)]).encode()


async def read(source: str) -> list[tuple[str, Any]]:
    """Read all events with where they stand."""
    return [(event.where, json.loads(event.text)) async for event in replayable_events(source)]


async def test_a_dead_letter_file_gives_the_events_as_they_were_delivered(tmp_path: Path) -> None:
    """In both schemas, without what Event Grid added."""
    file = tmp_path / "letters.json"
    file.write_bytes(letters(EVENT, CLOUD))

    assert await read(str(file)) == [(f"{file}, event 1", EVENT), (f"{file}, event 2", CLOUD)]


async def test_a_folder_gives_all_its_files_however_deep(tmp_path: Path) -> None:
    """As Event Grid lays them out: topic, subscription, year, month, day, hour. Other files are not touched."""
    folder = tmp_path / "TOPIC" / "SMS-EVENTS" / "2026" / "1" / "2" / "3"
    folder.mkdir(parents=True)
    (folder / "b.json").write_bytes(letters(CLOUD))
    (folder / "a.JSON").write_bytes(letters(EVENT))
    (tmp_path / "lines.jsonl").write_text(f"{json.dumps(EVENT)}\n{json.dumps(CLOUD)}\n")
    (folder / "notes.txt").write_text("not JSON")

    assert [event for _, event in await read(str(tmp_path))] == [EVENT, CLOUD, EVENT, CLOUD]


async def test_standard_input_is_a_dash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What another program writes, in pieces of any size, or what a file holds."""
    written = json.dumps([EVENT, CLOUD]).encode("utf-8-sig")
    (tmp_path / "events.json").write_bytes(written)
    reading, writing = os.pipe()
    monkeypatch.setattr(files, "PIECE", 100)
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(written)
    with os.fdopen(reading, "rb") as piped, (tmp_path / "events.json").open("rb") as file:
        for given in (piped, file):
            found = [one async for one in events_of_standard_input(given.fileno())]
            assert [(where, json.loads(text)) for where, text in found] == [
                ("standard input, event 1", EVENT),
                ("standard input, event 2", CLOUD),
            ]


async def test_a_file_of_any_size_is_read_in_pieces(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Every event arrives, wherever the pieces are torn."""
    monkeypatch.setattr(files, "PIECE", 100)
    file = tmp_path / "many.json"
    file.write_text(json.dumps([{**EVENT, "id": str(number)} for number in range(200)], indent=2))

    assert [event["id"] for _, event in await read(str(file))] == [str(number) for number in range(200)]


async def test_what_cannot_be_read_is_named_with_its_cure(tmp_path: Path) -> None:
    """File and line."""
    broken = tmp_path / "broken.json"
    broken.write_text('[\n{"id": 1}\n{"id": 2}]')
    for source, problem in (
        (str(broken), "broken.json: line 3: expected a comma"),
        (str(tmp_path / "none.json"), "none.json: No such file"),
        ("https://contoso.blob.core.windows.net", "names no container"),
        ("http://127.0.0.1:10000/devstoreaccount1", "names no container"),
        ("http://contoso.blob.core.windows.net/letters", "must begin with https"),
    ):
        with pytest.raises(Unusable, match=problem):
            await read(source)
    broken.unlink()
    with pytest.raises(Unusable, match="no file name there ends with"):
        await read(str(tmp_path))


@pytest.mark.parametrize(
    ("status", "code", "kind", "cure"),
    [
        (403, "AuthorizationPermissionMismatch", OutOfReach, "ask for the role Storage Blob Data Reader"),
        (403, "AuthenticationFailed", OutOfReach, "a shared access signature with permission to read and list"),
        (404, "ContainerNotFound", NotFound, "there is no container at http://127.0.0.1:"),
        (503, "ServerBusy", OutOfReach, "try again in a minute"),
        (400, "InvalidQueryParameterValue", Refused, "refused the request (InvalidQueryParameterValue)"),
    ],
)
async def test_a_container_that_cannot_be_read_is_named_with_its_cure(
    status: int, code: str, kind: type[Failure], cure: str
) -> None:
    """By its URL without the signature, and not as if tables were asked."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(
            status=status, headers={"x-ms-error-code": code}, text="<Error/>", content_type="application/xml"
        )

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    async with listening(app, 0, patience=1) as url:
        with pytest.raises(kind, match=re.escape(cure)) as caught:
            await read(f"{url}/account/letters?sv=2024-11-04&sig=secret")

    assert "secret" not in str(caught.value)
    assert "Table" not in str(caught.value)


async def test_a_container_out_of_reach_is_told_soon() -> None:
    """By default the client would try for minutes."""
    async with asyncio.timeout(60):
        with pytest.raises(OutOfReach, match="/account/letters does not answer"):
            await read("http://127.0.0.1:1/account/letters?sig=secret")


async def test_a_container_gives_all_its_blobs() -> None:
    """Whole, or below a prefix; signed in by the URL's own signature."""
    blobs = {
        "TOPIC/SMS-EVENTS/2026/1/2/3/a.json": letters(EVENT),
        "TOPIC/SMS-EVENTS/2026/1/2/4/b c.json": letters(CLOUD, EVENT),
        "OTHER/c.json": letters(CLOUD),
    }
    with blob_container("event-grid-dead-letters", blobs) as url:
        everything = await read(url)
        below = await read(url.replace("?", "/TOPIC/SMS-EVENTS/2026/1/2/4/b%20c?"))

    assert [event for _, event in everything] == [CLOUD, EVENT, CLOUD, EVENT]
    assert below == [
        ("TOPIC/SMS-EVENTS/2026/1/2/4/b c.json, event 1", CLOUD),
        ("TOPIC/SMS-EVENTS/2026/1/2/4/b c.json, event 2", EVENT),
    ]
