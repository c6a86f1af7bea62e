"""Whom an erasure is about: recognized in every spelling and escape, and nobody else with them."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acsevents.failures import Unusable
from acsevents.operations.whom import Kind, Target
from shared.rows import keys
from tests.core.strategies import MANY

USER = "8:acs:5354158b-17b7-489c-9380-95d8821ff76b_00000005-3e5f-1bc6-f40f-343a0d0003fe"
TEAMS = "8:orgid:5f3c9c2a-0d4b-4a6e-8d0e-1b7f6a2c3d4e"
THREAD = "19:6d20c2f921cd402ead7d1b31b0d030cd@thread.v2"
TARGETS: list[tuple[Kind, str]] = [
    ("user", USER),
    ("user", TEAMS),
    ("user", "4:+15555550100"),
    ("user", "28:orgid:5f6c1d2e-9b7a-4c83-8e54-3a1f0b2c4d5e"),
    ("number", "+15555550100"),
    ("number", "12345"),
    ("number", "CONTOSO"),
    ("thread", THREAD),
]


@pytest.mark.parametrize(
    ("kind", "given_as", "spelling"),
    [
        ("number", "+1 (555) 555-0100", "+15555550100"),
        ("number", "1 555 555 0100", "15555550100"),
        ("number", "+15555550100", "4:+15555550100"),
        ("number", "+15555550100", "1-555-555-0100"),
        ("user", "4:+15555550100", "+15555550100"),
        ("user", "4:15555550100", "4:+15555550100"),
        ("user", USER, USER.upper()),
        ("user", f" {USER} ", USER),
        ("user", TEAMS, TEAMS.removeprefix("8:orgid:")),
        ("number", "0015555550100", "+15555550100"),
        ("number", "00 1 555 555 0100", "+15555550100"),
        ("number", " + 1 555 5550100", "+15555550100"),
        ("number", "+1\u2011555\u2013555\u00a00100", "+15555550100"),
        ("number", "tel:0015555550100", "+15555550100"),
        ("number", "+49 (0)30 1234567", "+49301234567"),
        ("user", "0015555550100", "4:+15555550100"),
        ("user", "4:0015555550100", "4:+15555550100"),
        ("number", "contoso", "Contoso"),
        ("thread", THREAD, THREAD),
    ],
)
def test_an_identity_is_known_in_every_spelling(kind: Kind, given_as: str, spelling: str) -> None:
    """As people write it, and as events do."""
    assert Target(kind, given_as).is_named(spelling)
    assert Target(kind, given_as).stands_in(f"to {spelling}.")


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("number", "+15555550100", "+155555501001"),
        ("number", "+15555550100", "+25555550100"),
        ("number", "12345", "123456"),
        ("number", "12345", "a12345b"),
        ("number", "CONTOSO", "CONTOSOS"),
        ("user", "8:acs:1_a", "8:acs:1_ab"),
        ("user", "8:acs:1_a", "8:acs:1_a-b"),
        ("user", "8:acs:1_a", "18:acs:1_a"),
        ("user", USER, USER[:-1]),
        ("thread", THREAD, THREAD.replace("cd@", "ce@")),
    ],
)
def test_nobody_else_is_meant(kind: Kind, one: str, other: str) -> None:
    """Not even somebody whose id is longer."""
    assert not Target(kind, one).is_named(other)
    assert not Target(kind, one).stands_in(f"to {other} or so")


ESCAPES = {
    "JSON": lambda text: json.dumps({"from": text}),
    "JSON, every character": lambda text: "".join(f"\\u{ord(character):04x}" for character in text),
    "JSON in a JSON string": lambda text: json.dumps({"data": json.dumps({"from": text.replace("+", "\\u002b")})}),
    "URL": lambda text: f"?to={quote(text, safe='')}",
    "URL, in lower case": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "a key of ours": lambda text: keys.key(f"a/{text}"),
    "HTML": lambda text: "".join(f"&#{ord(character)};" for character in text),
    "full width": lambda text: "".join(chr(ord(character) + 0xFEE0) for character in text),
    "base64 data of a CloudEvent": lambda text: json.dumps(
        {"data_base64": base64.b64encode(json.dumps({"from": text}).encode()).decode()}
    ),
    "UTF-16": lambda text: f"\ufeff{text}".encode("utf-16-le"),
    "UTF-16, the other way": lambda text: text.encode("utf-16-be"),
    "bytes that are no text": lambda text: b"\xff\xfe\xfd" + text.encode(),
    "upper case": lambda text: text.upper(),
    "behind a line end": lambda text: json.dumps(f"\n{text}\n"),
}


@pytest.mark.parametrize(("kind", "identity"), TARGETS)
@pytest.mark.parametrize("escape", ESCAPES)
def test_an_id_is_found_in_every_escape(escape: str, kind: Kind, identity: str) -> None:
    """Wherever in a text it stands."""
    assert Target(kind, identity).stands_in(ESCAPES[escape](identity))  # type: ignore[no-untyped-call]  # a table of lambdas
    assert not Target(kind, identity).stands_in(ESCAPES[escape]("8:acs:1_x +15550000000"))  # type: ignore[no-untyped-call]  # the same


@MANY
@given(st.text() | st.binary())
def test_any_text_can_be_searched(text: str | bytes) -> None:
    """Whatever it holds."""
    assert not Target("user", USER).stands_in(text)


@pytest.mark.parametrize(("kind", "given_as"), [("user", ""), ("number", " "), ("user", "Sam"), ("thread", "")])
def test_what_names_nobody_is_refused(kind: Kind, given_as: str) -> None:
    """Before anything is looked at."""
    with pytest.raises(Unusable, match=f"--{kind}"):
        Target(kind, given_as)


def test_a_target_does_not_tell_whom() -> None:
    """In logs and tracebacks."""
    assert repr(Target("user", USER)) == "<Target user>"


@given(st.text("A=\\\\9+", max_size=8))
def test_what_only_looks_like_base64_is_searched_as_far_as_it_goes(encoded: str) -> None:
    """Anybody can send such a text, and no text may stop an erasure."""
    text = json.dumps({"data_base64": encoded, "from": "+15555550100"})

    assert Target("number", "+15555550100").stands_in(text)
    assert not Target("number", "+15555550199").stands_in(text)


def test_base64_without_its_padding_is_searched() -> None:
    """Some producers leave it out."""
    encoded = base64.b64encode(b'{"from":"+15555550100"}').decode().rstrip("=")

    assert Target("number", "+15555550100").stands_in(f'{{"data_base64":"{encoded}"}}')
    assert Target("number", "+15555550100").stands_in(f'{{"data_base64":"{encoded}A"}}')
