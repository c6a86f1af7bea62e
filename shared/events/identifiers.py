"""People and apps: phone numbers and ACS communication identifiers, normalized.

https://learn.microsoft.com/azure/communication-services/concepts/identifiers
"""

import re
from functools import lru_cache
from typing import NamedTuple, Self

from shared.events.reading import Tolerant

_PHONE_NUMBER = re.compile(r"\+?([0-9]{7,15})")
_LONGEST_NUMBER = len("+123456789012345")

# From the most specific prefix to the least specific.
_KIND_BY_PREFIX = (
    ("8:acs:", "communicationUser"),
    ("8:dod-acs:", "communicationUser"),
    ("8:gcch-acs:", "communicationUser"),
    ("8:spool:", "communicationUser"),
    ("8:orgid:", "microsoftTeamsUser"),
    ("8:dod:", "microsoftTeamsUser"),
    ("8:gcch:", "microsoftTeamsUser"),
    ("8:teamsvisitor:", "microsoftTeamsUser"),
    ("4:", "phoneNumber"),
    ("28:", "microsoftTeamsApp"),
)
_TEAMS_CLOUDS = {"dod": "dod", "gcch": "gcch"}  # the public cloud writes `orgid`
_KINDS = {
    kind.lower(): kind
    for kind in ("communicationUser", "phoneNumber", "microsoftTeamsUser", "microsoftTeamsApp", "unknown")
}


def e164(address: str) -> str:
    """Return an address of 7 to 15 digits in E.164, with `+`; return short codes and alphanumeric senders unchanged."""
    return _e164(address) if len(address) <= _LONGEST_NUMBER else address


@lru_cache(maxsize=1_024)  # a burst is of few numbers
def _e164(address: str) -> str:
    number = _PHONE_NUMBER.fullmatch(address)
    return f"+{number[1]}" if number else address


class IdentifierKind(str):
    """The `kind` of an identifier. Since the vendor may add kinds, an unknown one is kept as delivered."""

    __slots__ = ("note",)
    note: str | None

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a JSON value; ignore case.

        Raises:
            ValueError: the value is not a string.
        """
        if not isinstance(value, str):
            raise ValueError("not a string")  # noqa: TRY004  as `Scalar.parse` must
        known = _KINDS.get(value.lower())
        kind = cls(known or value)
        kind.note = None if known or not value else "not a known kind of identifier, kept as it came"
        return kind


class CommunicationUser(Tolerant):
    """A user of the ACS resource."""

    id: str | None = None


class PhoneNumber(Tolerant):
    """A phone number in E.164."""

    value: str | None = None


class MicrosoftTeamsUser(Tolerant):
    """A Teams user, signed in or anonymous."""

    user_id: str | None = None
    is_anonymous: bool | None = None
    cloud: str | None = None


class MicrosoftTeamsApp(Tolerant):
    """A Teams application, such as a bot."""

    app_id: str | None = None
    cloud: str | None = None


class CommunicationIdentifier(Tolerant):
    """The identifier in events since 2021: `rawId`, and at most one member of the union."""

    raw_id: str | None = None
    kind: IdentifierKind | None = None
    communication_user: CommunicationUser | None = None
    phone_number: PhoneNumber | None = None
    microsoft_teams_user: MicrosoftTeamsUser | None = None
    microsoft_teams_app: MicrosoftTeamsApp | None = None


class Identity(NamedTuple):
    """The raw id and the kind of a person or app; None for what the event does not contain."""

    id: str | None
    kind: str | None


def identity(identifier: CommunicationIdentifier | None, legacy_id: str | None) -> Identity:
    """Return id and kind from an identifier as sent since 2021, or else from the plain id of 2020."""
    if identifier is None:
        return Identity(legacy_id, None if legacy_id is None else kind_of(legacy_id))
    raw_id = identifier.raw_id or _raw_id_of_member(identifier) or legacy_id
    kind = str(identifier.kind) if identifier.kind else _kind_of_member(identifier)
    return Identity(raw_id, kind or (None if raw_id is None else kind_of(raw_id)))


def kind_of(raw_id: str) -> str:
    """Return the kind that the prefix of a raw id stands for, or `unknown`."""
    for prefix, kind in _KIND_BY_PREFIX:
        if raw_id.startswith(prefix):
            return kind
    return "unknown"


def _raw_id_of_member(identifier: CommunicationIdentifier) -> str | None:
    if identifier.communication_user is not None:
        return identifier.communication_user.id
    if identifier.phone_number is not None and identifier.phone_number.value:
        return f"4:{identifier.phone_number.value}"
    if identifier.microsoft_teams_user is not None and identifier.microsoft_teams_user.user_id:
        user = identifier.microsoft_teams_user
        return f"8:{'teamsvisitor' if user.is_anonymous else _cloud(user.cloud)}:{user.user_id}"
    if identifier.microsoft_teams_app is not None and identifier.microsoft_teams_app.app_id:
        app = identifier.microsoft_teams_app
        return f"28:{_cloud(app.cloud)}:{app.app_id}"
    return None


def _cloud(name: str | None) -> str:
    return _TEAMS_CLOUDS.get((name or "public").lower(), "orgid")


def _kind_of_member(identifier: CommunicationIdentifier) -> str | None:
    if identifier.communication_user is not None:
        return "communicationUser"
    if identifier.phone_number is not None:
        return "phoneNumber"
    if identifier.microsoft_teams_user is not None:
        return "microsoftTeamsUser"
    if identifier.microsoft_teams_app is not None:
        return "microsoftTeamsApp"
    return None
