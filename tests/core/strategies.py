"""Hypothesis strategies: JSON of every kind, and samples with something wrong in them."""

import json
import random
import string
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from shared.decoder import decode
from shared.errors import ContentError
from shared.events.event import Event
from shared.rows.records import record_rows
from tests import samples

MANY: Final = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEW: Final = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])

_WORDS = st.sampled_from(
    ["", "null", "data", "rawId", "Topic", "4:+15555550100", "2021-02-19T00:28:29.5597260Z", "8:acs:1_2", "1", "\ud83d"]
)
LEAVES: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats()
    | st.text(max_size=8)
    | _WORDS
)
JSON: Final = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | _WORDS, inner, max_size=4),
    max_leaves=8,
)
"""Any JSON value, with what Python takes for JSON beside it: NaN, huge numbers, half emoji."""

NAMES: Final = st.sampled_from(samples.NAMES)
FORMS: Final = st.sampled_from(sorted(samples.FORMS))


def delivered(event: Any, form: str = "Event Grid object") -> str:
    """Return an event as text, in a form in which it may be delivered."""
    return json.dumps(samples.FORMS[form](event))


def outcome(text: str | bytes) -> Event | ContentError:
    """Decode a text and build its rows. Any exception other than a ContentError fails the test."""
    try:
        event = decode(text)
        record_rows(event)
    except ContentError as error:
        return error
    return event


def text_that_packs_to(size: int) -> str:
    """Return a text of letters and digits that compresses to about the given number of bytes."""
    rng = random.Random(1)
    symbols = string.ascii_letters + string.digits + "+-"
    sample = "".join(rng.choices(symbols, k=100_000))
    return "".join(rng.choices(symbols, k=size * len(sample) // len(zlib.compress(sample.encode()))))


def places(value: Any) -> list[Callable[[Any], None]]:
    """Return a function for every place in a JSON value that puts another value there."""
    found: list[Callable[[Any], None]] = []
    if isinstance(value, (dict, list)):
        for key, part in list(value.items() if isinstance(value, dict) else enumerate(value)):
            found.append(partial(value.__setitem__, key))
            found += places(part)
    return found


@st.composite
def mutated_samples(draw: st.DrawFn) -> Any:
    """Generate samples in any form, with up to three places replaced, renamed or removed."""
    event = samples.FORMS[draw(FORMS)](samples.event(draw(NAMES)))
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.booleans()):
            draw(st.sampled_from(places(event)))(draw(JSON))
        else:
            _change_a_name(draw, event)
    return event


def _change_a_name(draw: st.DrawFn, event: Any) -> None:
    objects = _objects(event)
    if not objects:
        return
    one = draw(st.sampled_from(objects))
    name = draw(st.sampled_from(sorted(one)))
    value = one.pop(name)
    another = draw(st.sampled_from([None, name.upper(), name.lower(), f"{name}X"]) | st.text(max_size=4))
    if another is not None:
        one[another] = value


def _objects(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [found for item in value for found in _objects(item)]
    if isinstance(value, dict):
        return ([value] if value else []) + [found for item in value.values() for found in _objects(item)]
    return []


@st.composite
def shuffled(draw: st.DrawFn, value: Any) -> Any:
    """Return a JSON value with the members of all its objects in another order."""
    if isinstance(value, list):
        return [draw(shuffled(item)) for item in value]
    if isinstance(value, dict):
        return {name: draw(shuffled(value[name])) for name in draw(st.permutations(sorted(value)))}
    return value
