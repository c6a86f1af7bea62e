"""Decide whether an event belongs to an erased person or only lists them, and remove them from its text.

Both work on the JSON text, so that an identity of a wrong type or in an unknown field counts like any other.
Texts that other people wrote are not searched: bodies, topics, display names and metadata.
"""

from typing import Any, Final

import msgspec

from acsevents.operations import exact_json
from acsevents.operations.whom import Whom
from shared.catalogue import EVENT_TYPES
from shared.decoder import decode
from shared.errors import NotJson
from shared.events.event import ERASED, Event
from shared.events.timestamps import Instant

_OF_A_PERSON: Final = ("number", "peer", "sender_id", "recipient_id", "participant_id")
_OF_A_THREAD: Final = ("thread_id",)
_FREE_TEXT: Final = frozenset(
    {
        *("message", "messagebody", "topic", "properties", "metadata", "displayname", "senderdisplayname"),
        *("deliverystatusdetails", "tag", "reason"),
    }
)
_MEMBERS_OF_AN_IDENTIFIER: Final = frozenset(
    {"communicationuser", "phonenumber", "microsoftteamsuser", "microsoftteamsapp"}
)


def is_theirs(event: Event, whom: Whom) -> bool:
    """Return whether an event is theirs: they sent or received it, joined or left, or it is the thread's own.

    Raises:
        NotJson: the event is nested too deeply to decide.
    """
    facts = _OF_A_THREAD if whom.kind == "thread" else _OF_A_PERSON
    names = {name for fact in facts for name in _fields_of(event, fact)}
    try:
        found = [value for one in _events(_parsed(event)) for name, value in _data(one) if name.lower() in names]
        return any(_names(value, whom) for value in found)
    except RecursionError:
        raise NotJson("nested too deeply") from None


def without(event: Event, whom: Whom, when: Instant) -> Event | None:
    """Return another person's event without their id, name and metadata; None if it does not list them.

    Ticks and digest stay those of the original event, so its rows keep their keys.

    Raises:
        ContentError: the event is nested too deeply, or what is left of it is unreadable.
    """
    if whom.kind == "thread":
        return None
    kept = {name for fact in EVENT_TYPES[event.type].key_facts for name in _fields_of(event, fact)}
    try:
        document = _parsed(event)
        redacted = [_redacted_event(one, whom, kept) for one in _events(document)]
        if redacted == _events(document):
            return None
        text = exact_json.write(redacted if isinstance(document, list) else redacted[0])
    except RecursionError:
        raise NotJson("nested too deeply") from None
    return msgspec.structs.replace(decode(text), ticks=event.ticks, digest=event.digest, redacted=when)


def _fields_of(event: Event, fact: str) -> set[str]:
    """Return the names, in lower case, of the payload fields that a fact comes from."""
    return {name.lower() for name in EVENT_TYPES[event.type].payload.sources(fact)}


def _parsed(event: Event) -> Any:
    return exact_json.parse(event.text if isinstance(event.text, str) else event.text.decode())


def _events(document: Any) -> list[dict[str, Any]]:
    return document if isinstance(document, list) else [document]


def _data(event: dict[str, Any]) -> list[tuple[str, Any]]:
    """Return the members of an event's data."""
    found = [value for name, value in event.items() if name.lower() == "data" and isinstance(value, dict)]
    return [pair for data in found for pair in data.items()]


def _names(value: Any, whom: Whom) -> bool:
    """Return whether a value contains their identity."""
    if isinstance(value, str):
        return whom.is_named(value)
    if isinstance(value, list):
        return any(_names(part, whom) for part in value)
    if isinstance(value, dict):
        return any(_names(part, whom) for name, part in value.items() if name.lower() not in _FREE_TEXT)
    return False


def _redacted_event(event: dict[str, Any], whom: Whom, kept: set[str]) -> dict[str, Any]:
    redacted: dict[str, Any] = {}
    for name, value in event.items():
        if name.lower() == "data" and isinstance(value, dict):
            redacted[name] = {
                _redacted(inner, whom): part if inner.lower() in kept | _FREE_TEXT else _redacted(part, whom)
                for inner, part in value.items()
            }
        elif name.lower() == "subject" and isinstance(value, str):
            redacted[name] = "/".join(_redacted(part, whom) for part in value.split("/"))
        else:
            redacted[name] = _redacted(value, whom)
    return redacted


def _redacted(value: Any, whom: Whom) -> Any:
    if isinstance(value, str):
        return ERASED if whom.is_named(value) else value
    if isinstance(value, list):
        return [_redacted(part, whom) for part in value]
    if not isinstance(value, dict):
        return value
    if _describes(value, whom):
        return _erased(value)
    return {
        _redacted(name, whom): part if name.lower() in _FREE_TEXT else _redacted(part, whom)
        for name, part in value.items()
    }


def _describes(value: dict[str, Any], whom: Whom) -> bool:
    """Return whether an object describes only them: it has their id directly, or in the identifier inside it."""
    return any(
        whom.is_named(part) if isinstance(part, str) else isinstance(part, dict) and _describes(part, whom)
        for name, part in value.items()
        if name.lower() not in _FREE_TEXT
    )


def _erased(value: Any) -> Any:
    """Return an object about them reduced to its structure and the kind of person."""
    if isinstance(value, list):
        return [_erased(part) for part in value]
    if not isinstance(value, dict):
        return value if isinstance(value, bool) or value is None else ERASED
    names = {name.lower() for name in value}
    left = {name: part if name.lower() == "kind" else _erased(part) for name, part in value.items()}
    left |= {name: {ERASED: ERASED} for name, part in value.items() if name.lower() == "metadata" and part}
    if names & _MEMBERS_OF_AN_IDENTIFIER and "rawid" not in names:
        left["rawId"] = ERASED  # otherwise an id would be derived from the remaining fields
    return left
