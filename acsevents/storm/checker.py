"""The checker: proves from the tables and Event Grid's dead-letter folder alone that a storm did no harm."""

import json
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any, NamedTuple

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableServiceClient

from acsevents.storm.mix import Event, same
from shared.catalogue import DEAD_LETTERS, EVENT_TYPES, SMS, TABLES
from shared.decoder import decode
from shared.errors import ContentError
from shared.events.event import Event as DecodedEvent
from shared.rows.fitting import unpack
from shared.rows.records import owner_of, record_columns, record_rows
from shared.stories import tell_sms, tell_thread

# In lower case, since CloudEvents have them so.
_STAMPED_BY_EVENT_GRID = frozenset(
    ["deadletterreason", "deliveryattempts", "lastdeliveryoutcome", "publishtime", "lastdeliveryattempttime"]
)
_OF_THE_SERVICE = frozenset({"PartitionKey", "RowKey"})


class Row(NamedTuple):
    """One row as it was read: where it is, what it holds, and the event that it keeps."""

    key: tuple[str, str, str]
    columns: dict[str, Any]
    event: str
    text: str


class Verdict(NamedTuple):
    """What the checker found; a storm did no harm if there are no problems."""

    problems: list[str]
    rows: Counter[str]
    undelivered: int


async def check(published: Iterable[Event], connection_string: str, dead_letter_folder: Path) -> Verdict:
    """Compare what was published with what is kept."""
    events = {same(event): event for event in published}
    rows = [row async for row in _rows(connection_string)]
    undelivered = _undelivered(dead_letter_folder)
    expected, poison = _expected(events)
    problems = [
        *_lost(expected, poison, rows, undelivered),
        *_merged(expected),
        *_too_many(expected, poison, rows),
        *_unequal(rows),
        *_other_stories(events, rows, undelivered),
    ]
    return Verdict(problems, Counter(row.key[0] for row in rows), len(undelivered))


def _expected(events: dict[str, Event]) -> tuple[dict[tuple[str, str, str], set[str]], set[str]]:
    """Tell which rows the events must have become, and which events must be dead letters."""
    rows: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
    poison = set()
    for name, event in events.items():
        try:
            record = decode(json.dumps(event))
        except ContentError:
            poison.add(name)
            continue
        for row in record_rows(record):
            rows[row.table, row.partition, row.row_key].add(name)
    return rows, poison


async def _rows(connection_string: str) -> AsyncIterator[Row]:
    async with TableServiceClient.from_connection_string(connection_string) as client:
        for table in TABLES:
            try:
                async for entity in client.get_table_client(table).list_entities():
                    text = str(unpack(entity))
                    key = (table, entity["PartitionKey"], entity["RowKey"])
                    yield Row(key, _plain(entity), same(json.loads(text)), text)
            except ResourceNotFoundError:
                continue


def _plain(entity: dict[str, Any]) -> dict[str, Any]:
    """Give a row's columns as the record has them: times with all their digits, no Int64 wrappers."""
    return {
        name: getattr(value, "tables_service_value", None) or getattr(value, "value", value)
        for name, value in entity.items()
        if name not in _OF_THE_SERVICE
    }


def _undelivered(folder: Path) -> set[str]:
    """Read what Event Grid gave up on, without what it stamped on it."""
    found = set()
    for file in folder.rglob("*.json"):
        for event in json.loads(file.read_text(encoding="utf-8")):
            kept = {name: part for name, part in event.items() if name.lower() not in _STAMPED_BY_EVENT_GRID}
            found.add(same(kept))
    return found


def _lost(
    expected: dict[tuple[str, str, str], set[str]], poison: set[str], rows: list[Row], undelivered: set[str]
) -> Iterable[str]:
    kept = {row.key for row in rows}
    for key, names in expected.items():
        if key not in kept and not names <= undelivered:
            yield f"lost from {key[0]}: event {_id(next(iter(names)))}"
    letters = {row.event for row in rows if row.key[0] == DEAD_LETTERS}
    for name in poison - letters - undelivered:
        yield f"lost: a broken event is no dead letter: {_id(name)}"


def _merged(expected: dict[tuple[str, str, str], set[str]]) -> Iterable[str]:
    """Find different events that share a row: what makes them different is told here without the app's own code."""
    for key, names in expected.items():
        if len({_identity(json.loads(name)) for name in names}) > 1:
            yield f"different events merged in {key[0]}: event {_id(next(iter(names)))}"


def _identity(event: Event) -> str:
    """Write what makes an event itself, in the same way for both schemas."""
    fields = ("type", "source", "time") if "specversion" in event else ("eventType", "topic", "eventTime")
    kind, resource, moment = (event[name] for name in fields)
    return same({"id": event["id"], "kind": kind, "resource": resource, "time": moment, "data": event["data"]})


def _too_many(expected: dict[tuple[str, str, str], set[str]], poison: set[str], rows: list[Row]) -> Iterable[str]:
    letters = Counter(row.event for row in rows if row.key[0] == DEAD_LETTERS)
    for row in rows:
        if row.key[0] == DEAD_LETTERS:
            if row.event not in poison:
                yield f"a dead letter too many: event {_id(row.event)}"
            elif letters[row.event] > 1:
                yield f"a dead letter more than once: event {_id(row.event)}"
        elif row.event not in expected.get(row.key, ()):
            yield f"a row too many in {row.key[0]}: event {_id(row.event)}"


def _unequal(rows: list[Row]) -> Iterable[str]:
    """Find rows whose columns are not what their own text decodes to."""
    for row in rows:
        if row.key[0] != DEAD_LETTERS and row.columns != record_columns(decode(row.text)):
            yield f"a row in {row.key[0]} differs from its text: event {_id(row.event)}"


def _other_stories(events: dict[str, Event], rows: list[Row], undelivered: set[str]) -> Iterable[str]:
    """Find stories that the rows tell otherwise than the events would have without any fault."""
    delivered = [json.dumps(event) for name, event in events.items() if name not in undelivered]
    told = _stories(row.text for row in rows if row.key[0] not in {DEAD_LETTERS, "SmsMessages"})
    for key, story in _stories(delivered).items():
        if told.pop(key, None) != story:
            yield f"another story of {key[0]}"
    for key in told:
        yield f"a story of nothing that was published: {key[0]}"


def _stories(texts: Iterable[str]) -> dict[tuple[str, str, str], object]:
    groups: defaultdict[tuple[str, str, str], list[DecodedEvent]] = defaultdict(list)
    for text in texts:
        try:
            record = decode(text)
        except ContentError:
            continue
        about = record.facts.message_id or str(record.facts.thread_id)
        groups[EVENT_TYPES[record.type].family.function, owner_of(record), about].append(record)
    return {key: (tell_sms if key[0] == SMS.function else tell_thread)(group) for key, group in groups.items()}


def _id(name: str) -> str:
    return str(json.loads(name).get("id"))
