"""Erase somebody, and look for what is left."""

import json
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from acsevents.operations.erase import Erased, erase
from acsevents.operations.stored_rows import StoredRows
from acsevents.operations.whom import Target
from shared.stored import text_of
from tests import samples
from tests.operations.people import GUID, Person
from tests.operations.world import World

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)


def traces(rows: World, person: Person) -> list[tuple[str, str]]:
    """Name table and column wherever somebody still stands: in keys, columns and texts, however they are packed."""
    needles = {person.raw_id.removeprefix("4:+").lower(), person.name.lower()}
    needles |= {GUID} if GUID in person.raw_id else set()
    found = []
    for (table, _, _), row in rows.items():
        plain = {name: value for name, (_, value) in row.items()}
        held = {name: str(value) for name, value in plain.items() if name != "Raw" and not name.startswith("RawZ")}
        if {"Raw", "RawZ0"} & plain.keys():
            held["the text"] = _read(str(text_of(plain)))
        found += [(table, name) for name, text in held.items() if any(needle in text.lower() for needle in needles)]
    return found


def _read(text: str) -> str:
    """Return a text with its escapes read."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except ValueError:
        return text


def kept(rows: World) -> Counter[str]:
    """Count the rows by table."""
    return Counter(table for table, _, _ in rows)


async def erase_now(stored: StoredRows, target: Target, *, dry_run: bool = False) -> Erased:
    """Erase a target, or count what would go."""
    erased = Erased()
    await erase(stored, erased, target, NOW, dry_run=dry_run)
    return erased


def about(person: Person, **data: Any) -> str:
    """Write a thread-created event that lists somebody."""
    event = samples.event("2021/ChatThreadCreated")
    listed = {"displayName": person.name, "participantCommunicationIdentifier": {"rawId": person.raw_id}}
    return json.dumps({**event, "data": {**event["data"], "participants": [listed], **data}})
