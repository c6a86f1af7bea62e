"""Typed models of the events' `data`: one per event shape, for both generations of payload at once."""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from shared.events.facts import Facts
from shared.events.reading import Tolerant

Feeds = Mapping[str, tuple[str, ...]]


class Payload(Tolerant):
    """Base of all payload models.

    Attributes:
        feeds: the facts that a field feeds, both by their Python names; a field that is not here feeds the fact of
            its own name.
    """

    feeds: ClassVar[Feeds] = {}

    def facts(self) -> Facts:
        """Return the facts of this payload."""
        raise NotImplementedError

    def notes(self) -> tuple[str, ...]:
        """Return `path: what` of values whose meaning was not understood, though their types were."""
        return ()

    @classmethod
    def sources(cls, fact: str) -> list[str]:
        """Return the JSON names of the fields that feed a fact, first choice first."""
        fields = msgspec.structs.fields(cls)
        return [field.encode_name for field in fields if fact in cls.feeds.get(field.name, (field.name,))]
