"""The person or thread to erase, and how to recognize them in an identity field or anywhere in a text."""

import base64
import html
import json
import re
import unicodedata
from collections.abc import Iterator
from typing import Final, Literal, Protocol
from urllib.parse import unquote

from acsevents.failures import Unusable
from shared.events.identifiers import e164
from shared.lookups.addresses import address

Kind = Literal["user", "number", "thread"]

_WRITTEN_NUMBER: Final = re.compile(r"\+?[0-9][0-9 ().\-/]{5,}")
_NUMBER: Final = re.compile(r"\+[0-9]{7,15}")
_GUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_KEY_ESCAPES: Final = re.compile(r"(?:=[0-9A-F]{2})+")
_BASE64: Final = re.compile(r'"data_base64"\s*:\s*"([A-Za-z0-9+/=\\]+)"', re.IGNORECASE)
_NOT_BASE64: Final = re.compile(r"[\\=]")
_PREFIX: Final = re.compile(r"\s*(?:4:|tel:)", re.IGNORECASE)
_BETWEEN_DIGITS: Final = r"[\s().\-/]{0,3}"
_MAX_ESCAPE_DEPTH: Final = 5  # JSON in a JSON string in JSON is about the deepest seen


class Whom(Protocol):
    """A person or thread that is recognized by its id."""

    @property
    def kind(self) -> Kind:
        """What is erased: a user, a number or a thread."""
        ...

    def is_named(self, identity: str) -> bool:
        """Return whether a text is their id, in any spelling."""
        ...


def spelled(identity: str) -> str:
    """Return an identity's canonical spelling: numbers, including chat users', as E.164, all else case-folded."""
    text = identity.strip().casefold().removeprefix("4:").removeprefix("tel:")
    return e164(re.sub(r"[ ().\-/]", "", text) if _WRITTEN_NUMBER.fullmatch(text) else text)


class Target:
    """The user, number or thread to erase, by id.

    Attributes:
        kind: which of the three.
        ids: the spellings of the id; a Teams user may be named by the GUID alone.
    """

    def __init__(self, kind: Kind, given: str) -> None:
        identity = spelled(given if kind == "thread" else _as_rows_have_it(given))
        if not identity:
            raise Unusable(f"--{kind} is empty")
        if kind == "user" and ":" not in given and not _NUMBER.fullmatch(identity):
            raise Unusable("--user takes a raw id, such as 8:acs:…, 8:orgid:… or 4:+15555550100")
        self.kind: Kind = kind
        tail = identity.rpartition(":")[2]
        is_of_teams = kind == "user" and not identity.startswith("8:acs:") and _GUID.fullmatch(tail)
        self.ids = frozenset({identity, tail} if is_of_teams else {identity})
        self._pattern = re.compile("|".join(_pattern_of(one) for one in sorted(self.ids)), re.IGNORECASE)

    def __repr__(self) -> str:
        """Return the kind only: the id is what must be forgotten."""
        return f"<Target {self.kind}>"

    def is_named(self, identity: str) -> bool:
        """Return whether a text is their id, in any spelling."""
        return spelled(identity) in self.ids

    def stands_in(self, text: str | bytes) -> bool:
        """Return whether a text contains their id anywhere, in any spelling and escape."""
        return any(self._pattern.search(reading) for reading in _readings(text))


def _pattern_of(identity: str) -> str:
    if _NUMBER.fullmatch(identity):
        return rf"(?<![0-9])(?:00)?{_BETWEEN_DIGITS.join(identity[1:])}(?![0-9])"
    if ":" in identity:
        return rf"(?<![0-9]){re.escape(identity)}(?![0-9A-Za-z_-])"
    return rf"(?<![0-9A-Za-z]){re.escape(identity)}(?![0-9A-Za-z])"


def _readings(text: str | bytes) -> Iterator[str]:
    """Yield a text as it is, then with its escapes decoded, repeatedly while any are left."""
    for reading in [text] if isinstance(text, str) else _decodings(text):
        before, after = "", reading
        for _ in range(_MAX_ESCAPE_DEPTH):
            if after == before:
                break
            yield after
            if "=" in after:  # separately: `=19` is also how a URL's parameter may begin
                yield _KEY_ESCAPES.sub(_read_key_escapes, after)
            before, after = after, _unescaped(after)
        for encoded in _BASE64.findall(before):
            yield from _readings(_from_base64(encoded))


def _as_rows_have_it(given: str) -> str:
    """Return a number as lookups read it, such as one that begins with `00`; return any other id unchanged."""
    number = _PREFIX.sub("", given, count=1)
    return given if ":" in number else address(number)


def _from_base64(encoded: str) -> bytes:
    """Decode base64 as far as it goes: the text may be no event, or one that a stranger wrote."""
    digits = _NOT_BASE64.sub("", encoded)
    return base64.b64decode(digits[: len(digits) - (len(digits) % 4 == 1)] + "==")


def _decodings(content: bytes) -> Iterator[str]:
    yield content.decode("utf-8", "replace")
    if b"\0" in content:  # as UTF-16 has it
        yield content.decode("utf-16-le", "replace")
        yield content.decode("utf-16-be", "replace")


def _unescaped(text: str) -> str:
    """Decode the escapes of JSON, URLs and HTML, and full-width characters, once."""
    if "\\" in text:
        text = _ESCAPE.sub(_read_escape, text)
    if "%" in text:
        text = unquote(text)
    if "&" in text:
        text = html.unescape(text)
    return text if text.isascii() else unicodedata.normalize("NFKC", text)


def _read_key_escapes(run: re.Match[str]) -> str:
    return bytes.fromhex(run[0].replace("=", "")).decode("utf-8", "replace")


def _read_escape(escape: re.Match[str]) -> str:
    code, letter = escape.groups()
    if code is not None:
        return chr(int(code, 16))
    return str(json.loads(f'"\\{letter}"')) if letter in '"\\/bfnrt' else letter
