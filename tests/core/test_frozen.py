"""Values that are passed on cannot be changed."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Final

import msgspec

from shared.events.reading import Tolerant

ROOT: Final = Path(__file__).parents[2]
# Filled in field by field by the code that creates them.
FILLED_IN: Final = {
    *("shared.events.facts.Facts", "shared.events.facts.Participant", "shared.events.jsontext.Document"),
    *("shared.events.reading.Reading", "shared.events.reading._Shape", "shared.lookups.owners.Membership"),
    "shared.stories.order._Group",
}


def _structs(base: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for struct in base.__subclasses__():
        yield struct
        yield from _structs(struct)


def test_every_struct_is_frozen_but_for_those_that_are_filled_in() -> None:
    """A model of a payload and a struct that is filled in field by field are not; a new exception is listed above."""
    for path in (ROOT / "shared").rglob("*.py"):
        import_module(".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"))
    structs = [struct for struct in _structs(msgspec.Struct) if struct.__module__.startswith("shared.")]
    mutable = {
        f"{struct.__module__}.{struct.__name__}"
        for struct in structs
        if not issubclass(struct, Tolerant) and not struct.__struct_config__.frozen
    }

    assert mutable == FILLED_IN
