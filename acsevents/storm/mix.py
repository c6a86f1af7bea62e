"""The events that a storm publishes: every event type, generated from the samples by a seed, and malformed ones."""

import copy
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from acsevents.samples import as_cloud_event, events

Event = dict[str, Any]

_THREADS = 6
_USERS = 5
_MESSAGES = 12
_START = datetime(2026, 1, 1, tzinfo=UTC)
# An invented type: the event subscription for new types delivers it, and the app writes a dead letter.
_NEW_TYPE = "Microsoft.Communication.ChatReactionAddedInThread"


class Published(NamedTuple):
    """One event to publish, and its purpose in the mix."""

    event: Event
    purpose: str


def mix(seed: int, count: int) -> Iterator[Published]:
    """Yield `count` events, the same for the same seed; some repeat or contradict earlier ones."""
    rng = random.Random(seed)
    samples = list(events())
    rng.shuffle(samples)
    made: list[Event] = []
    for number in range(count):
        chance = rng.random()
        if made and chance < 0.15:  # noqa: PLR2004  this and the next are the shares of the mix
            yield Published(_repeated(rng.choice(made), rng), "duplicate")
        elif made and chance < 0.22:  # noqa: PLR2004
            yield Published(_contradicting(rng.choice(made), rng), "same id, other content")
        elif chance < 0.30:  # noqa: PLR2004
            yield Published(_poisoned(_generated(samples[number % len(samples)], rng), rng), "poison")
        else:
            event = _generated(samples[number % len(samples)], rng)  # in turn, so that every mix has every type
            if chance > 0.97:  # noqa: PLR2004
                _enlarge(event, rng)
            made.append(event)
            yield Published(event, "event")


def too_large(seed: int) -> Event:
    """Return an event over the 1 MB that Event Grid accepts."""
    event = _generated(next(events()), random.Random(seed))
    return {**event, "data": {**event["data"], "filler": "x" * 1_100_000}}


def _generated(sample: Event, rng: random.Random) -> Event:
    """Return a sample with ids, people and times from small pools, so that events share threads and messages."""
    event = copy.deepcopy(sample)
    event["id"] = f"{rng.getrandbits(128):032x}"
    event["eventTime"] = _time(rng)
    data = event["data"]
    thread = rng.randrange(_THREADS)
    for name in data:
        spelled = name.lower()
        if spelled == "threadid":
            data[name] = f"19:{thread:032x}@thread.v2"
        elif spelled == "messageid":
            data[name] = str(1_700_000_000_000 + thread * 1_000 + rng.randrange(_MESSAGES))
        elif spelled == "version":
            data[name] = type(data[name])(1_700_000_000_000 + rng.randrange(10_000))
        elif spelled == "recipientid":
            data[name] = _user(rng)
        elif spelled == "recipientcommunicationidentifier":
            user = _user(rng)
            data[name] = {"rawId": user, "communicationUser": {"id": user}}
        elif spelled in {"messagebody", "message"}:
            data[name] = rng.choice(["Hello", "Grüße 🌻", '<b>it\'s</b> "quoted"', "' or 1 eq 1", ""]) + str(
                rng.random()
            )
        elif spelled == "deliverystatus":
            data[name] = rng.choice(["Delivered", "Failed"])
        elif spelled.endswith(("time", "timestamp")):
            data[name] = _time(rng)
    return event


def _repeated(event: Event, rng: random.Random) -> Event:
    """Return the same event, sometimes with its keys in another order or in the other schema."""
    how = rng.randrange(3)
    if how == 0:
        return event
    shuffled = _shuffled(event, rng)
    return shuffled if how == 1 else as_cloud_event(shuffled)


def _contradicting(event: Event, rng: random.Random) -> Event:
    """Return a different event with the same id."""
    return {**event, "data": {**event["data"], "transactionId": f"contradiction-{rng.getrandbits(64):016x}"}}


def _poisoned(event: Event, rng: random.Random) -> Event:
    """Return an event without what the keys need, but with `id` and `eventType`, which Event Grid requires."""
    how = rng.randrange(4)
    if how == 0:
        return {**event, "data": [event["data"]]}
    if how == 1:
        return {**event, "eventType": _NEW_TYPE}
    keys = {"to", "from", "messageid", "threadid", "recipientid", "recipientcommunicationidentifier"}
    value = None if how == 2 else [7]  # noqa: PLR2004  the third variant
    return {**event, "data": {name: value if name.lower() in keys else part for name, part in event["data"].items()}}


def _enlarge(event: Event, rng: random.Random) -> None:
    """Add a field that compresses badly and makes the text too long for one column."""
    event["data"]["attachment"] = f"{rng.getrandbits(8 * 60_000):0120000x}"


def _shuffled(event: Event, rng: random.Random) -> Event:
    shuffled: Event = json.loads(json.dumps(event), object_pairs_hook=lambda pairs: dict(rng.sample(pairs, len(pairs))))
    return shuffled


def _user(rng: random.Random) -> str:
    return f"8:acs:109f0644-b956-4cd9-87b1-71024f6e2f44_{rng.randrange(_USERS):016x}"


def _time(rng: random.Random) -> str:
    moment = _START + timedelta(microseconds=rng.randrange(86_400 * 10**6))
    return moment.isoformat(timespec="microseconds").replace("+00:00", f"{rng.randrange(10)}Z")


def canonical_json(event: Event) -> str:
    """Return an event as JSON text that is equal for equal content."""
    return json.dumps(event, sort_keys=True, ensure_ascii=False)
