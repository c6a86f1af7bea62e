"""Filters of the list of events: read from the query of an address, and matched with each new event."""

from collections.abc import Iterable, Mapping
from typing import Final, Self
from urllib.parse import urlencode

import msgspec
import typer

from acsevents.times import ticks
from shared.catalogue import CHAT_THREAD, FAMILIES, SMS, Family, find
from shared.events.event import Kind
from shared.lookups import EventLine, EventQuery, Handle, address

FUNCTIONS: Final = tuple(family.function for family in FAMILIES)
_COLUMNS: Final = ("kind", "number", "user", "thread", "status")
_CUT: Final = "…"  # marks a text of which `Timeline` keeps the beginning only


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The filters of a view; an event must match all of them.

    Attributes:
        family: the function that takes the events.
        kind: what happened.
        number: a number of either party of an SMS, as people write it.
        user: raw id of a user.
        thread: id of a thread.
        status: delivery status.
        text: part of what a line shows, case-insensitive.
        since: time of the oldest event, as people write it.
        until: time that all events are older than.
        before: handle of the event after which the list begins.
    """

    family: str = ""
    kind: str = ""
    number: str = ""
    user: str = ""
    thread: str = ""
    status: str = ""
    text: str = ""
    since: str = ""
    until: str = ""
    before: str = ""

    @classmethod
    def written(cls, query: Mapping[str, str]) -> Self:
        """Return the filters of an address without validation."""
        return cls(**{name: query[name].strip() for name in cls.__struct_fields__ if query.get(name, "").strip()})

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Self:
        """Read the filters of an address.

        Raises:
            ValueError: a filter is invalid; the message names it.
        """
        filters = cls.written(query)
        for name, known in (("family", FUNCTIONS), ("kind", [*Kind])):
            value = getattr(filters, name)
            if value and value not in known:
                raise ValueError(f"{value!r} is not a {name}")
        _ = filters.wanted, filters.first
        return filters

    @property
    def wanted(self) -> EventQuery:
        """The part that the tables filter by."""
        return EventQuery(
            family=next((family for family in FAMILIES if family.function == self.family), None),
            since=_ticks(self.since),
            until=_ticks(self.until),
            **{name: getattr(self, name) or None for name in _COLUMNS},
        )

    @property
    def first(self) -> Handle | None:
        """The event after which the list begins."""
        return Handle.parse(self.before) if self.before else None

    @property
    def given(self) -> dict[str, str]:
        """The filters that are set."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value}

    @property
    def narrow(self) -> bool:
        """Whether a filter other than time is set."""
        return bool(self.given.keys() - {"since", "until", "before"})

    @property
    def sifted(self) -> bool:
        """Whether a filter is set that the tables do not support."""
        return bool(self.family or self.text)

    @property
    def live(self) -> bool:
        """Whether the list can contain new events."""
        return not (self.until or self.before)

    def query(self, **changes: str) -> str:
        """Return the filters with some changes as the query of an address, including `?`."""
        given = {name: value for name, value in {**self.given, **changes}.items() if value}
        return f"?{urlencode(given, errors='replace')}" if given else "?"

    def match(self, line: EventLine, *, of_owner: bool = False) -> bool:
        """Tell whether an event matches, except for its time.

        Args:
            line: the event.
            of_owner: also require that it is filed under the number, user or thread of the filters.
        """
        told: tuple[tuple[str, Iterable[str | None]], ...] = (
            (self.kind, (line.kind,)),
            (address(self.number), (line.number, line.peer)),
            (self.user, line.users),
            (self.thread, (line.thread,)),
            (self.status, (line.status,)),
        )
        return (
            self.fits(line)
            and (not of_owner or self._owns(line))
            and all(not asked or any(_same(asked, one) for one in those) for asked, those in told)
        )

    def _owns(self, line: EventLine) -> bool:
        family, owner = find_family(line), self.wanted.owner
        if owner is None or family is None or family.table != owner[0]:
            return False
        if family is SMS:
            return _same(address(self.number), line.number)
        return family is CHAT_THREAD or _same(self.user, next(iter(line.users), None))

    def fits(self, line: EventLine) -> bool:
        """Tell whether an event matches the filters that the tables do not support."""
        if self.family:
            family = find_family(line)
            if family is None or family.function != self.family:
                return False
        text = self.text.casefold()
        return not text or any(text in (shown or "").casefold() for shown in (line.who, line.whom, line.what))


def find_family(line: EventLine) -> Family | None:
    """Return the family of an event; None for an unknown type."""
    event_type = find(line.type or "")
    return None if event_type is None else event_type.family


def _same(asked: str, told: str | None) -> bool:
    if told is None:
        return False
    return asked == told or (told.endswith(_CUT) and asked.startswith(told.removesuffix(_CUT)))


def _ticks(written: str) -> int | None:
    try:
        return ticks(written) if written else None
    except typer.BadParameter as error:
        raise ValueError(str(error)) from None
