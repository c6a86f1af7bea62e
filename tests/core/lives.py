"""Generated lives of SMS and threads: what happened, and the events in which ACS may report it.

A life keeps the truth after each step, so that a story is compared with the truth and not with another implementation.
"""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NamedTuple

import msgspec
from hypothesis import strategies as st

from shared.events.event import Event
from shared.stories import Attempt
from tests.core.happenings import TIME_OF, at, created, ended, member, message, person, report, updated

BLANK: Final = ("", " ")
_FIRST_VERSION: Final = 1_613_782_800_000
_VIEWS: Final = ("thread", "a", "b")
_APART: Final = 20  # tenths of a second


class Telling(NamedTuple):
    """How the events of one life tell it.

    Attributes:
        apart: changes of one thing lie at least 2 s apart.
        versions: every chat event has its version, not just some.
        cut: times are cut to the second, all alike.
        punctual: events are published at the time of the thing itself, which then may go unsaid.
        clocks: the times are true; otherwise they are any.
    """

    apart: bool = True
    versions: bool = False
    cut: bool = True
    punctual: bool = False
    clocks: bool = True


class Life:
    """A clock, the events so far, and how they report what happens."""

    def __init__(self, draw: st.DrawFn, telling: Telling) -> None:
        self.events: list[Event] = []
        self.telling = telling
        self._draw = draw
        self._tenths = 0
        self._latest: dict[str, int] = {}

    def shown(self, second: float) -> float:
        """Return a time as the events of this life contain it."""
        return float(int(second)) if self.telling.cut else second

    def _pass_time(self, thing: str) -> float:
        """Advance the time, at least by the distance between changes of one thing; return it."""
        self._tenths += self._draw(st.integers(0, 12))
        if self.telling.apart and thing in self._latest:
            self._tenths = max(self._tenths, self._latest[thing] + _APART)
        self._latest[thing] = self._tenths
        return self._tenths / 10

    def _tell(self, make: Callable[..., Event], second: float, time_name: str, **data: Any) -> None:
        """Report a change once, or again with another id and time of publication."""
        for _ in range(self._draw(st.sampled_from([1, 1, 2]))):
            shown = self.shown(second) if self.telling.clocks else self._draw(st.integers(0, 60))
            late = 0 if self.telling.punctual else self._draw(st.integers(-3, 30))
            unsaid = self.telling.punctual and self._draw(st.booleans())
            time = None if unsaid else at(shown, hours=self._draw(st.sampled_from([0, 0, 5, -8])))
            told = {"published": shown + late, "event_id": str(len(self.events)), time_name: time}
            self.events.append(make(shown, **data | told))


class SmsLife(Life):
    """The life of one sent SMS: its delivery attempts, each with a report of all attempts so far."""

    def __init__(self, draw: st.DrawFn, telling: Telling) -> None:
        super().__init__(draw, telling)
        self.reports: list[tuple[float, str, str]] = []
        self.attempts: list[Attempt] = []

    def try_it(self, status: str, details: str) -> None:
        """Make an attempt, which may equal the one before."""
        second = self._pass_time("attempt")
        counts = (1, 0) if status == "Delivered" else (0, 1)
        self.attempts.append(Attempt(at(self.shown(second)), *counts))
        self.reports.append((second, status, details))
        attempts = msgspec.to_builtins(self.attempts)
        data = {"status": status, "deliveryStatusDetails": details, "deliveryAttempts": attempts}
        self._tell(report, second, "receivedTimestamp", **data)


class Said:
    """The true state of one message."""

    def __init__(self, second: float) -> None:
        self.composed = second
        self.text: str | None = None
        self.name: str | None = None
        self.edits = 0
        self.deleted: float | None = None
        self.steps: list[tuple[str, str | None]] = []


class ThreadLife(Life):
    """The life of one thread: its participants, topic and messages."""

    def __init__(self, draw: st.DrawFn, telling: Telling) -> None:
        super().__init__(draw, telling)
        self.topic = "First"
        self.present = {"s", "a"}
        self.names: dict[str, str | None] = {"s": "S", "a": "A"}
        self.messages: dict[str, Said] = {}
        self.ended: float | None = None
        self.moves = Counter[str]()
        self.steps: list[tuple[str, str | None]] = [("thread.created", self.topic)]
        self._version = _FIRST_VERSION
        people = [person("s"), person("a")]
        self._tell_views(created, 0.0, "createTime", participants=people, properties={"topic": self.topic})

    def join_or_leave(self, who: str, name: str) -> None:
        """Add a person who is not in the thread, or remove one who is."""
        what = "Removed" if who in self.present else "Added"
        self.present ^= {who}
        self.moves[f"participant.{what.lower()}"] += 1
        self.names[who] = self.names.get(who) if name in BLANK else name
        self._tell_views(partial(member, what), self._pass_time(who), "time", who=person(who, name))

    def rename(self, topic: str) -> None:
        """Change the topic."""
        self.topic = topic
        self.steps.append(("thread.updated", topic))
        self._tell_views(updated, self._pass_time("topic"), "editTime", topic=topic)

    def end(self) -> None:
        """Delete the thread."""
        self.ended = self._pass_time("end")
        self.steps.append(("thread.deleted", None))
        self._tell_views(ended, self.ended, "deleteTime")

    def say(self, text: str, name: str) -> None:
        """Send a message."""
        second = self._pass_time("sending")
        one = f"m{len(self.messages)}"
        self.messages[one] = Said(second)
        self._tell_message(one, second, "Received", text, name)

    def edit(self, one: str, text: str, name: str) -> None:
        """Edit a message."""
        self.messages[one].edits += 1
        self._tell_message(one, self._pass_time(one), "Edited", text, name)

    def delete(self, one: str, name: str) -> None:
        """Delete a message, possibly in the second of its last edit: only a deletion can be last."""
        second = self._pass_time(f"end of {one}")
        self.messages[one].deleted = second
        self._tell_message(one, second, "Deleted", None, name)

    def _tell_message(self, one: str, second: float, what: str, text: str | None, name: str) -> None:
        said = self.messages[one]
        said.text = text
        said.steps.append((f"message.{what.lower()}", text))
        said.name = said.name if name in BLANK else name
        data = {"messageId": one, "composeTime": at(self.shown(said.composed)), "senderDisplayName": name}
        self._tell_views(partial(message, what), second, TIME_OF[what], text=text, **data)

    def _tell_views(self, make: Callable[..., Event], second: float, time_name: str, **data: Any) -> None:
        """Report a change at thread level, at user level or both, with or without its version."""
        self._version += self._draw(st.integers(1, 400))
        spelled: list[Any] = [self._version, str(self._version), float(self._version)]
        versions = st.sampled_from(spelled if self.telling.versions else [None, *spelled])
        for view in sorted(self._draw(st.sets(st.sampled_from(_VIEWS), min_size=1))):
            user = None if view == "thread" else view
            self._tell(make, second, time_name, user=user, version=self._draw(versions), **data)


@st.composite
def sms_lives(draw: st.DrawFn, tellings: st.SearchStrategy[Telling]) -> SmsLife:
    """Generate lives of an SMS with a few attempts, of which a successful one is the last."""
    life = SmsLife(draw, draw(tellings))
    for _ in range(draw(st.integers(0, 4))):
        life.try_it(draw(st.sampled_from(["Failed", "Expired"])), draw(st.sampled_from(["busy", "blocked"])))
    if not life.reports or draw(st.booleans()):
        life.try_it("Delivered", "No error.")
    return life


@st.composite
def thread_lives(draw: st.DrawFn, tellings: st.SearchStrategy[Telling]) -> ThreadLife:
    """Generate lives of a thread."""
    life = ThreadLife(draw, draw(tellings))
    names = st.sampled_from(["Sam", "Sammy", *BLANK])
    texts = st.sampled_from(["hello", "hi", "hey", ""])
    for step in draw(st.lists(st.sampled_from(["people", "topic", "say", "edit", "edit", "delete"]), max_size=9)):
        standing = sorted(one for one, said in life.messages.items() if said.deleted is None)
        match step:
            case "people":
                life.join_or_leave(draw(st.sampled_from("sab")), draw(names))
            case "topic":
                life.rename(draw(st.sampled_from(["First", "Second", ""])))
            case "edit" if standing:
                life.edit(draw(st.sampled_from(standing)), draw(texts), draw(names))
            case "delete" if standing:
                life.delete(draw(st.sampled_from(standing)), draw(names))
            case _:
                life.say(draw(texts), draw(names))
    if draw(st.booleans()):
        life.end()
    return life
