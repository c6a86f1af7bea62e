"""Typed models of the events' `data`. Each model reads all generations of its payload."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from shared.events.facts import Facts
from shared.events.reading import Tolerant

Feeds = Mapping[str, tuple[str, ...]]


class Payload(Tolerant):
    """Base class of all payload models.

    Attributes:
        feeds: the facts that each field supplies, by Python names; a field without an entry supplies the fact of
            the same name.
    """

    feeds: ClassVar[Feeds] = {}

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        raise NotImplementedError

    def notes(self) -> tuple[str, ...]:
        """Return `path: problem` for values of the right type that could not be interpreted."""
        return ()

    @classmethod
    def sources(cls, fact: str) -> list[str]:
        """Return the JSON names of the fields that supply a fact, in order of preference."""
        fields = msgspec.structs.fields(cls)
        return [field.encode_name for field in fields if fact in cls.feeds.get(field.name, (field.name,))]
