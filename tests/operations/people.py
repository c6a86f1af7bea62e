"""Events in which drawn people take part, in every role, generation and spelling."""

import json
import re
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from acsevents.operations.whom import Kind
from tests import samples


class Person(NamedTuple):
    """Somebody who takes part in chats, and in SMS if they have a number.

    Attributes:
        raw_id: their id in chats.
        member: what the communication identifier holds beside `rawId`.
        name: their display name, which also stands in their metadata.
    """

    raw_id: str
    member: dict[str, Any]
    name: str


GUID: Final = "5f3c9c2a-0d4b-4a6e-8d0e-1b7f6a2c3d4e"
ACS_USER: Final = Person(
    "8:acs:5354158b-17b7-489c-9380-95d8821ff76b_00000005-3e5f-1bc6-f40f-343a0d0003fe",
    {"communicationUser": {"id": "8:acs:5354158b-17b7-489c-9380-95d8821ff76b_00000005-3e5f-1bc6-f40f-343a0d0003fe"}},
    "Pat Secret",
)
TEAMS_USER: Final = Person(
    f"8:orgid:{GUID}",
    {"microsoftTeamsUser": {"userId": GUID.upper(), "isAnonymous": False, "cloud": "public"}},
    "Pat Secret",
)
CALLER: Final = Person("4:+15555550199", {"phoneNumber": {"value": "+15555550199"}}, "Pat Secret")
OTHERS: Final = (
    Person("8:acs:1_a", {"communicationUser": {"id": "8:acs:1_a"}}, "Ann"),
    Person("4:+15555550100", {"phoneNumber": {"value": "+15555550100"}}, "Bob"),
    Person("8:orgid:00000000-0000-4000-8000-000000000000", {}, "Cem"),
)
ERASED: Final[list[tuple[Kind, str, Person]]] = [
    ("user", ACS_USER.raw_id, ACS_USER),
    ("user", TEAMS_USER.raw_id, TEAMS_USER),
    ("user", CALLER.raw_id, CALLER),
    ("number", "+1 555-555-0199", CALLER),
]
_PLAIN: Final = {"senderid", "recipientid", "createdby", "editedby", "deletedby", "addedby", "removedby", "memberid"}
_THEIRS: Final = ("sender", "recipient", "participantadded", "participantremoved", "memberadded", "memberremoved")


class Told(NamedTuple):
    """An event with what is known of it: whether the erased one's own, or whether it only lists them."""

    text: str
    is_theirs: bool
    lists_them: bool


class _Cast:
    """Gives roles to people, and remembers who got what."""

    def __init__(self, draw: st.DrawFn, erased: Person) -> None:
        self._draw = draw
        self._erased = erased
        self.is_theirs = False
        self.lists_them = False

    def person(self, role: str) -> Person:
        person: Person = self._draw(st.sampled_from([self._erased, *OTHERS]))
        if person is self._erased:
            theirs = role.lower().startswith(_THEIRS) or role.lower() in {"from", "to"}
            self.is_theirs |= theirs
            self.lists_them |= not theirs
        return person

    def fill(self, value: Any, role: str = "") -> Any:
        """Put people where the sample has some; whoever stands in an object is named there all over."""
        if isinstance(value, list):
            return [self.fill(part, role) for part in value]
        if not isinstance(value, dict):
            return value
        filled: dict[str, Any] = {}
        for name, part in value.items():
            inner_role = role or name
            lower = name.lower()
            if lower.endswith("communicationidentifier") and isinstance(part, dict):
                filled[name] = self._identifier(self.person(inner_role))
            elif lower in _PLAIN and part is not None:
                filled[name] = self._spelled(self.person(inner_role).raw_id)
            elif lower in {"from", "to"}:
                filled[name] = self._number(name)
            else:
                filled[name] = self.fill(part, inner_role if isinstance(part, (dict, list)) else "")
        self._name(filled, value)
        return filled

    def _name(self, filled: dict[str, Any], value: dict[str, Any]) -> None:
        """Give a participant the name and metadata of who it became."""
        whose = next((person for person in (self._erased, *OTHERS) if _is_of(filled, person)), None)
        for name in value:
            if name.lower() == "displayname" and whose is not None:
                filled[name] = whose.name
                if "participantCommunicationIdentifier" in filled and self._draw(st.booleans()):
                    filled["metadata"] = {"badge": whose.name, whose.name: "x"}

    def _identifier(self, person: Person) -> dict[str, Any]:
        whole = {"rawId": self._spelled(person.raw_id), **person.member}
        keep = self._draw(st.sampled_from(["all", "rawId"] + (["member"] if person.member else [])))
        return {"all": whole, "rawId": {"rawId": whole["rawId"]}, "member": dict(person.member)}[keep]

    def _spelled(self, raw_id: str) -> str:
        return self._draw(st.sampled_from([raw_id, raw_id, raw_id.upper()]))

    def _number(self, role: str) -> str:
        number = self.person(role).raw_id
        if not number.startswith("4:"):
            number = "4:+15555550100"
        return self._draw(st.sampled_from([number[2:], number[3:]]))


def _is_of(filled: dict[str, Any], person: Person) -> bool:
    held = json.dumps(filled).lower()
    return person.raw_id.lower() in held or (GUID in held and GUID in person.raw_id)


@st.composite
def told_events(draw: st.DrawFn, erased: Person) -> Told:
    """Any sample, in either schema, with drawn people in its roles."""
    event = samples.event(draw(st.sampled_from(samples.NAMES)))
    cast = _Cast(draw, erased)
    event["id"] = str(draw(st.integers(0, 10**9)))
    event["data"] = cast.fill(event["data"])
    if draw(st.booleans()):
        event["data"]["newInTheFuture"] = {"owner": cast.person("owner").raw_id}  # in no column, in the text only
    if event["data"].get("senderDisplayName"):
        event["data"]["senderDisplayName"] = erased.name if cast.is_theirs else "Somebody"
    event["subject"] = "thread/1/sender/x"
    if cast.is_theirs or cast.lists_them:
        event["subject"] = f"thread/1/createdBy/{erased.raw_id}"
    # A number of somebody who has none was given to another: SMS know numbers only.
    sms = {str(value) for name, value in event["data"].items() if name.lower() in {"from", "to"}}
    if event["eventType"].startswith("Microsoft.Communication.SMS"):
        cast.is_theirs = any(number.lstrip("+") == erased.raw_id.removeprefix("4:+") for number in sms)
        event["subject"] = "/phonenumber/15555550100"
    form = samples.FORMS[draw(st.sampled_from(sorted(samples.FORMS)))]
    return Told(draw(_written(form(event), erased)), cast.is_theirs, cast.lists_them)


@st.composite
def _written(draw: st.DrawFn, event: Any, erased: Person) -> str:
    """Write an event as JSON, some characters of whoever is erased as escapes."""
    text = json.dumps(event, ensure_ascii=draw(st.booleans()))
    if draw(st.booleans()):
        return text
    names = (erased.raw_id, erased.raw_id.removeprefix("4:+"), erased.name, GUID)
    chance = draw(st.randoms(use_true_random=False))
    return re.sub(
        "|".join(map(re.escape, names)),
        lambda name: "".join(chance.choice((one, rf"\u{ord(one):04x}", rf"\u{ord(one):04X}")) for one in name[0]),
        text,
        flags=re.IGNORECASE,
    )
