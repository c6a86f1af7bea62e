"""Check, from the tables and Event Grid's dead-letter folder alone, that a storm lost and changed nothing."""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableServiceClient

from acsevents.storm.mix import Event, canonical_json
from shared.catalogue import DEAD_LETTERS, EVENT_TYPES, FAMILIES, SMS, TABLES
from shared.decoder import decode
from shared.errors import ContentError
from shared.events.event import Event as DecodedEvent
from shared.rows.columns import Entity
from shared.rows.fitting import unpack
from shared.rows.records import owner_of, record_rows
from shared.stories import tell_sms, tell_thread

Key = tuple[str, str, str]
"""Table, PartitionKey and RowKey."""

# In lower case, as in CloudEvents.
_STAMPED_BY_EVENT_GRID = frozenset(
    ("deadletterreason", "deliveryattempts", "lastdeliveryoutcome", "publishtime", "lastdeliveryattempttime")
)


class Row(NamedTuple):
    """One row: its columns without keys and text, and the canonical JSON of the event in it, if there is one."""

    columns: Entity
    event: str | None


class Verdict(NamedTuple):
    """The result of the check: problems, number of rows by table, and number of undelivered events."""

    problems: list[str]
    rows: Counter[str]
    undelivered: int


class _Expected(NamedTuple):
    """The expected content of the tables: the columns of each row by event, and the events that become dead letters."""

    rows: dict[Key, dict[str, Entity]]
    poison: set[str]


async def check(published: Iterable[Event], connection_string: str, dead_letter_folder: Path) -> Verdict:
    """Compare the published events with the tables and the dead letters."""
    events = {canonical_json(event): event for event in published}
    rows = {key: row async for key, row in _rows(connection_string)}
    undelivered = _undelivered(dead_letter_folder)
    expected = _expected(events)
    problems = [
        *_lost(expected, rows, undelivered),
        *_merged(expected),
        *_superfluous_or_changed(expected, rows),
        *_different_stories(events, rows, undelivered),
    ]
    return Verdict(problems, Counter(table for table, _, _ in rows), len(undelivered))


def _expected(events: dict[str, Event]) -> _Expected:
    expected = _Expected(defaultdict(dict), set())
    for name, event in events.items():
        try:
            rows = record_rows(decode(json.dumps(event)))
        except ContentError:
            expected.poison.add(name)
            continue
        for row in rows:
            expected.rows[row.table, row.partition, row.row_key][name] = _without_text(row.columns)
    return expected


async def _rows(connection_string: str) -> AsyncIterator[tuple[Key, Row]]:
    async with TableServiceClient.from_connection_string(connection_string) as client:
        for table in TABLES:
            try:
                async for entity in client.get_table_client(table).list_entities():
                    columns = {name: _plain(value) for name, value in entity.items()}
                    key = (table, columns.pop("PartitionKey"), columns.pop("RowKey"))
                    others = _without_text(columns)
                    yield key, Row(others, None if others == columns else canonical_json(json.loads(unpack(entity))))
            except ResourceNotFoundError:
                continue


def _plain(value: Any) -> Any:
    """Return a value as the record has it: times with all their digits, integers without the SDK's wrapper."""
    return getattr(value, "tables_service_value", None) or getattr(value, "value", value)


def _without_text(columns: Entity) -> Entity:
    return {name: value for name, value in columns.items() if not name.startswith("Raw")}


def _undelivered(folder: Path) -> set[str]:
    """Return the events that Event Grid dead-lettered, without the fields that it added."""
    letters = (letter for file in folder.rglob("*.json") for letter in json.loads(file.read_text(encoding="utf-8")))
    return {
        canonical_json({name: part for name, part in letter.items() if name.lower() not in _STAMPED_BY_EVENT_GRID})
        for letter in letters
    }


def _lost(expected: _Expected, rows: dict[Key, Row], undelivered: set[str]) -> Iterable[str]:
    for key, variants in expected.rows.items():
        if key not in rows and not variants.keys() <= undelivered:
            yield f"lost from {key[0]}: event {_id(next(iter(variants)))}"
    letters = {row.event for (table, _, _), row in rows.items() if table == DEAD_LETTERS}
    for name in expected.poison - letters - undelivered:
        yield f"lost: a broken event is not a dead letter: {_id(name)}"


def _merged(expected: _Expected) -> Iterable[str]:
    """Find different events that share a row, without using the app's own notion of identity."""
    for key, variants in expected.rows.items():
        if len({_identity(json.loads(name)) for name in variants}) > 1:
            yield f"different events merged in {key[0]}: event {_id(next(iter(variants)))}"


def _identity(event: Event) -> str:
    """Return what identifies an event, in the same form for both schemas."""
    fields = ("type", "source", "time") if "specversion" in event else ("eventType", "topic", "eventTime")
    kind, resource, moment = (event[name] for name in fields)
    return canonical_json({"id": event["id"], "type": kind, "source": resource, "time": moment, "data": event["data"]})


def _superfluous_or_changed(expected: _Expected, rows: dict[Key, Row]) -> Iterable[str]:
    letters = Counter(row.event for (table, _, _), row in rows.items() if table == DEAD_LETTERS)
    for name, count in letters.items():
        if name not in expected.poison:
            yield f"a superfluous dead letter: event {_id(name)}"
        elif count > 1:
            yield f"a dead letter more than once: event {_id(name)}"
    for key, row in rows.items():
        if key[0] != DEAD_LETTERS:
            variants = expected.rows.get(key, {})
            # A row without a text, such as one of `Timeline`, may be of any variant of the event.
            possible = [columns for name, columns in variants.items() if row.event in {name, None}]
            if not possible:
                yield f"a superfluous row in {key[0]}: event {_id(row.event)}"
            elif row.columns not in possible:
                yield f"a row in {key[0]} differs from its event: {_id(row.event)}"


def _different_stories(events: dict[str, Event], rows: dict[Key, Row], undelivered: set[str]) -> Iterable[str]:
    """Find stories that differ between the rows and the published events."""
    tables = {family.table for family in FAMILIES}
    stored = _stories(row.event for (table, _, _), row in rows.items() if table in tables)
    for key, story in _stories(json.dumps(event) for name, event in events.items() if name not in undelivered).items():
        if stored.pop(key, None) != story:
            yield f"a different story of {key[0]}"
    for key in stored:
        yield f"a story that no published event explains: {key[0]}"


def _stories(texts: Iterable[str | None]) -> dict[Key, object]:
    groups: defaultdict[Key, list[DecodedEvent]] = defaultdict(list)
    for text in texts:
        try:
            event = decode(text or "")
        except ContentError:
            continue
        family = EVENT_TYPES[event.type].family
        about = event.facts.message_id if family is SMS else event.facts.thread_id
        groups[family.function, owner_of(event), str(about)].append(event)
    return {key: (tell_sms if key[0] == SMS.function else tell_thread)(group) for key, group in groups.items()}


def _id(name: str | None) -> str:
    return str(json.loads(name).get("id")) if name else "unknown"
