"""Who took part: one spelling for phone numbers, one id and kind for everybody else.

https://learn.microsoft.com/azure/communication-services/concepts/identifiers
"""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events.identifiers import CommunicationIdentifier, e164, identity, kind_of
from shared.events.reading import read_model
from tests.core.strategies import MANY


@pytest.mark.parametrize(
    ("address", "normalized"),
    [
        ("15555550100", "+15555550100"),
        ("+15555550100", "+15555550100"),
        ("1234567", "+1234567"),
        ("123456789012345", "+123456789012345"),
        ("123456", "123456"),
        ("1234567890123456", "1234567890123456"),
        ("+1234567890123456", "+1234567890123456"),
        ("72345", "72345"),
        ("CONTOSO", "CONTOSO"),
        ("1-555-555-0100", "1-555-555-0100"),
        ("++15555550100", "++15555550100"),
        ("15555550100\n", "15555550100\n"),
        (" 15555550100", " 15555550100"),
        ("\u0661\u0662\u0663\u0664\u0665\u0666\u0667", "\u0661\u0662\u0663\u0664\u0665\u0666\u0667"),
        ("", ""),
    ],
)
def test_seven_to_fifteen_digits_are_e164(address: str, normalized: str) -> None:
    """They become E.164, with or without a plus; short codes, names and everything else are unchanged."""
    assert e164(address) == normalized


@MANY
@given(st.text() | st.from_regex(r"\+?[0-9]{1,18}", fullmatch=True))
def test_normalizing_twice_changes_nothing(address: str) -> None:
    """Normalizing is idempotent, and adds at most a plus."""
    once = e164(address)

    assert e164(once) == once
    assert once in {address, f"+{address}"}
    assert (once != address) == (re.fullmatch(r"[0-9]{7,15}", address) is not None)


@pytest.mark.parametrize(
    ("raw_id", "kind"),
    [
        ("8:acs:1_2", "communicationUser"),
        ("8:dod-acs:1_2", "communicationUser"),
        ("8:gcch-acs:1_2", "communicationUser"),
        ("8:spool:1_2", "communicationUser"),
        ("8:orgid:1", "microsoftTeamsUser"),
        ("8:dod:1", "microsoftTeamsUser"),
        ("8:gcch:1", "microsoftTeamsUser"),
        ("8:teamsvisitor:1", "microsoftTeamsUser"),
        ("4:+15555550100", "phoneNumber"),
        ("28:orgid:1", "microsoftTeamsApp"),
        ("28:dod:1", "microsoftTeamsApp"),
        ("28:gcch:1", "microsoftTeamsApp"),
        ("28:dod-global:1", "microsoftTeamsApp"),
        ("28:1", "microsoftTeamsApp"),
        ("8:live:1", "unknown"),
        ("48:1", "unknown"),
        ("acs:1", "unknown"),
        ("", "unknown"),
    ],
)
def test_the_prefix_of_a_raw_id_tells_the_kind(raw_id: str, kind: str) -> None:
    """Prefixes mean the same as in the vendor's libraries; any other prefix is `unknown`."""
    assert kind_of(raw_id) == kind
    assert identity(None, raw_id) == (raw_id, kind)
    assert identity(CommunicationIdentifier(raw_id=raw_id or "x:1"), None)[1] == (kind if raw_id else "unknown")


@pytest.mark.parametrize(
    ("identifier", "legacy", "expected"),
    [
        (None, None, (None, None)),
        ({}, None, (None, None)),
        ({}, "8:acs:1_2", ("8:acs:1_2", "communicationUser")),
        ({"rawId": ""}, "8:acs:1_2", ("8:acs:1_2", "communicationUser")),
        ({"rawId": "8:acs:1_2"}, "8:acs:3_4", ("8:acs:1_2", "communicationUser")),
        ({"rawId": "8:acs:1_2", "kind": "phoneNumber"}, None, ("8:acs:1_2", "phoneNumber")),
        ({"rawId": "8:acs:1_2", "kind": "PHONENUMBER"}, None, ("8:acs:1_2", "phoneNumber")),
        ({"rawId": "8:acs:1_2", "kind": "brandNew"}, None, ("8:acs:1_2", "brandNew")),
        ({"rawId": "8:acs:1_2", "kind": ""}, None, ("8:acs:1_2", "communicationUser")),
        ({"rawId": "x", "kind": "unknown"}, None, ("x", "unknown")),
        ({"rawId": "x", "phoneNumber": {}}, None, ("x", "phoneNumber")),
        ({"communicationUser": {"id": "8:acs:1_2"}}, None, ("8:acs:1_2", "communicationUser")),
        ({"communicationUser": {}}, None, (None, "communicationUser")),
        ({"phoneNumber": {"value": "+15555550100"}}, None, ("4:+15555550100", "phoneNumber")),
        ({"microsoftTeamsUser": {"userId": "1"}}, None, ("8:orgid:1", "microsoftTeamsUser")),
        ({"microsoftTeamsUser": {"userId": "1", "cloud": "DOD"}}, None, ("8:dod:1", "microsoftTeamsUser")),
        ({"microsoftTeamsUser": {"userId": "1", "cloud": "gcch"}}, None, ("8:gcch:1", "microsoftTeamsUser")),
        (
            {"microsoftTeamsUser": {"userId": "1", "isAnonymous": True}},
            None,
            ("8:teamsvisitor:1", "microsoftTeamsUser"),
        ),
        ({"microsoftTeamsApp": {"appId": "1"}}, None, ("28:orgid:1", "microsoftTeamsApp")),
        ({"microsoftTeamsApp": {"appId": "1", "cloud": "dod"}}, None, ("28:dod:1", "microsoftTeamsApp")),
    ],
)
def test_an_identifier_tells_id_and_kind_as_well_as_it_can(
    identifier: dict[str, Any] | None, legacy: str | None, expected: tuple[str | None, str | None]
) -> None:
    """The id is `rawId`, else from the union member, else the id of 2020.

    The kind is `kind`, else from the member or the prefix.
    """
    read_identifier = None if identifier is None else read_model(identifier, CommunicationIdentifier, "$").model

    assert identity(read_identifier, legacy) == expected


def test_a_kind_that_is_not_known_is_noted() -> None:
    """The vendor may add kinds: the column has the new one, and a note has its path."""
    reading = read_model({"rawId": "8:acs:1_2", "kind": "brandNew"}, CommunicationIdentifier, "$.data.sender")

    assert reading.notes == ["$.data.sender.kind: not a known kind of identifier, kept as it came"]
