"""Who took part: phone numbers and ACS communication identifiers in one spelling.

https://learn.microsoft.com/azure/communication-services/concepts/identifiers
"""

import re

from shared.events.reading import Tolerant

_PHONE_NUMBER = re.compile(r"\+?([0-9]{7,15})")

# From the most specific prefix to the least; `4:` and `8:` are the wire's own scheme numbers.
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
    """Write seven to fifteen digits as E.164 with `+`; short codes and alphanumeric senders stay as they are."""
    number = _PHONE_NUMBER.fullmatch(address)
    return f"+{number[1]}" if number else address


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
    """The union that events carry since 2021: `rawId` and at most one of the others."""

    raw_id: str | None = None
    kind: str | None = None
    communication_user: CommunicationUser | None = None
    phone_number: PhoneNumber | None = None
    microsoft_teams_user: MicrosoftTeamsUser | None = None
    microsoft_teams_app: MicrosoftTeamsApp | None = None


def who(identifier: CommunicationIdentifier | None, legacy_id: str | None) -> tuple[str | None, str | None]:
    """Tell the raw id and kind of a participant, from the 2021 identifier or else the 2020 id beside it."""
    if identifier is None:
        return legacy_id, None if legacy_id is None else kind_of(legacy_id)
    raw_id = identifier.raw_id or _raw_id_of_member(identifier) or legacy_id
    named = _KINDS.get(identifier.kind.lower()) if identifier.kind else None
    kind = named or _kind_of_member(identifier) or (None if raw_id is None else kind_of(raw_id))
    return raw_id, kind


def kind_of(raw_id: str) -> str:
    """Tell the kind of a raw id by its prefix, `unknown` for a prefix that is not one."""
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
