"""Prepare events to send: read and change them, and check all of them before the first is sent.

https://learn.microsoft.com/azure/event-grid/post-to-custom-topic
"""

import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import IO, Any, Final, NamedTuple, Protocol, Self
from uuid import uuid4

from acsevents.failures import Unusable
from acsevents.local.event_grid.events import MAX_BYTES, Event, Refused, parse_events
from acsevents.operations import exact_json
from acsevents.operations.replay import FromFile
from acsevents.publishing import CONTENT_TYPES
from acsevents.samples import as_cloud_event
from shared.events.envelope import Schema

_IN_MEMORY: Final = 16 * 1024 * 1024  # bytes kept in memory; beyond that, in a file
_LENGTH: Final = 4  # bytes of the length before each text
_TIMES: Final[Mapping[Schema, str]] = {"EventGridSchema": "eventTime", "CloudEventSchemaV1_0": "time"}


class Origin(Protocol):
    """Where events to send come from; `Source` is one named on the command line."""

    @property
    def is_sample(self) -> bool:
        """Whether each event gets a new id and the current time."""
        ...

    def events(self) -> AsyncIterator[FromFile]:
        """Yield the events, unchanged."""
        ...


class Changes(NamedTuple):
    """The changes to make to events before they are sent.

    Attributes:
        settings: paths such as `data.to` with their new values, as on the command line.
        copies: how many of each event to send; if more than one, every copy gets its own id.
        schema: the schema to send in; if None, each event stays in its own.
    """

    settings: Sequence[tuple[str, str]] = ()
    copies: int = 1
    schema: Schema | None = None


async def prepared(sources: Iterable[Origin], changes: Changes) -> AsyncIterator[Event]:
    """Yield the events to send, checked as a topic would; samples get new ids and the current time.

    Raises:
        Unusable: a topic would refuse one of them, or a change cannot be made to it; the message names it.
    """
    for source in sources:
        async for where, text in source.events():
            for _ in range(changes.copies):
                yield _checked(where, _changed(where, text, changes, fresh=source.is_sample))


class Outbox:
    """Stores checked events until they are sent; use as a context manager.

    Attributes:
        count: the number of events.
    """

    def __init__(self) -> None:
        self.count = 0
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115  closed with the outbox

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def add(self, event: Event) -> None:
        """Add an event."""
        self._file.write(bytes([event.schema == "EventGridSchema"]) + len(event.text).to_bytes(_LENGTH) + event.text)
        self.count += 1

    def batches(self) -> Iterator[tuple[Schema, list[bytes]]]:
        """Yield all events in the order of adding, in arrays of one schema and of a size that a topic accepts."""
        batch: list[bytes] = []
        batch_schema: Schema = "EventGridSchema"
        size = 0
        for schema, text in self._all():
            if batch and (schema != batch_schema or size + len(text) + 1 > MAX_BYTES):
                yield batch_schema, batch
                batch = []
            if not batch:
                batch_schema, size = schema, len("[]")
            batch.append(text)
            size += len(text) + len(",")
        if batch:
            yield batch_schema, batch

    def _all(self) -> Iterator[tuple[Schema, bytes]]:
        self._file.seek(0)
        while kind := self._file.read(1):
            length = int.from_bytes(self._file.read(_LENGTH))
            yield "EventGridSchema" if kind[0] else "CloudEventSchemaV1_0", self._file.read(length)


def _changed(where: str, text: str, changes: Changes, *, fresh: bool) -> str:
    """Return an event as it will be sent; without changes, its text stays exactly the same."""
    if not (changes.settings or fresh or changes.schema or changes.copies > 1):
        return text
    try:
        event = exact_json.parse(text)
    except RecursionError:
        raise Unusable(f"{where}: nested too deeply") from None
    if not isinstance(event, dict):
        raise Unusable(f"{where} is not a JSON object")
    schema = schema_of(event)
    if changes.schema is not None and changes.schema != schema:
        if schema == "CloudEventSchemaV1_0":
            raise Unusable(f"{where} is a CloudEvent, and cannot be sent in another schema: remove --schema")
        event, schema = as_cloud_event(event), changes.schema
    if fresh or changes.copies > 1:
        event["id"] = str(uuid4())
    if fresh:
        event[_TIMES[schema]] = f"{datetime.now(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}0Z"
    for path, value in changes.settings:
        _set(event, path, value)
    return exact_json.write(event)


def schema_of(event: Mapping[str, Any]) -> Schema:
    """Return the schema of an event."""
    return "CloudEventSchemaV1_0" if "specversion" in event else "EventGridSchema"


def _set(event: Any, path: str, value: str) -> None:
    """Set the value at a path; a string is replaced by a string."""
    *parents, last = path.split(".")
    place = event
    try:
        for name in parents:
            place = place[int(name)] if isinstance(place, list) else place.setdefault(name, {})
        index = int(last) if isinstance(place, list) else last
        known = place.get(last) if isinstance(place, dict) else place[index]
        place[index] = value if _is_text(known) else _json_or_text(value)
    except (AttributeError, IndexError, TypeError, ValueError):
        raise Unusable(f"--set {path}: the event has no such field") from None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, exact_json.Number)


def _json_or_text(value: str) -> Any:
    try:
        return exact_json.parse(value)
    except (ValueError, RecursionError):
        return value


def _checked(where: str, text: str) -> Event:
    """Return an event as a topic would read it.

    Raises:
        Unusable: the topic would refuse it.
    """
    try:
        is_cloud_event = isinstance(parsed := exact_json.parse(text), dict) and "specversion" in parsed
        schema: Schema = "CloudEventSchemaV1_0" if is_cloud_event else "EventGridSchema"
        encoded = text.encode()
        (event,) = parse_events(b"[" + encoded + b"]", CONTENT_TYPES[schema].partition(";")[0], "")
    except Refused as refused:
        raise Unusable(f"{where}: {str(refused).removeprefix('Event 0 ')}") from None
    except RecursionError:
        raise Unusable(f"{where}: nested too deeply") from None
    if len(encoded) + len("[]") > MAX_BYTES:
        raise Unusable(f"{where} takes {len(encoded)} bytes: a topic takes at most {MAX_BYTES} in one request")
    return event._replace(text=encoded)
