"""The receipt of an erasure: what was done, and digests that recognize the erased ids if they come back.

It contains no identity. But whoever has it can check guesses, and there are few enough phone numbers to try them all.
So the digest is deliberately slow, and a receipt must be kept as safe as the record of any other erasure.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from acsevents.failures import Unusable
from acsevents.operations.erase import Erased
from acsevents.operations.redaction import is_theirs, without
from acsevents.operations.replay import Redact
from acsevents.operations.whom import Kind, Target, spelled
from shared.events.event import Event
from shared.events.timestamps import Instant

_REDELIVERIES: Final = timedelta(hours=24)  # as long as Event Grid retries
_NOT_REACHED: Final = (
    "backups and exports of the tables",
    "texts that others wrote: bodies, topics, display names and metadata are not searched, nor ids derived from theirs",
    "events that Event Grid still redelivers, for up to 24 hours: run the erasure again after `runAgainAfter`",
    "Event Grid's dead-letter files: replay them only with --except and this receipt",
    "data that Azure Communication Services itself keeps",
)


class Mark(msgspec.Struct, frozen=True, rename="camel"):
    """One spelling of an id. Its prefix and length are stored so that few other ids need the slow digest."""

    prefix: str
    length: int
    digest: str


class Receipt(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """The record of one erasure; times are UTC, and counts are rows by table.

    Attributes:
        kind: what was erased: a user, a number or a thread.
        salt: the salt of the digests, in hex.
        marks: the spellings of the id.
        began: when it began; redacted rows record this date.
        finished: when it finished; None if it was interrupted and must be run again.
        run_again_after: the time after which no redelivery can come.
        removed: rows removed.
        redacted: other people's rows that no longer name them.
        unsearchable: rows whose text is damaged.
        contended: rows that another writer kept changing.
        not_reached: what the erasure does not cover.
    """

    kind: Kind
    salt: str
    marks: tuple[Mark, ...]
    began: datetime
    finished: datetime | None
    run_again_after: datetime
    removed: dict[str, int]
    redacted: dict[str, int]
    unsearchable: dict[str, int]
    contended: int
    not_reached: tuple[str, ...] = _NOT_REACHED


def receipt_of(target: Target, erased: Erased, began: datetime, *, finished: datetime | None) -> Receipt:
    """Return the receipt of an erasure, finished or not."""
    salt = secrets.token_hex(16)
    return Receipt(
        kind=target.kind,
        salt=salt,
        marks=tuple(Mark(_prefix(one), len(one), _digest(one, salt)) for one in sorted(target.ids)),
        began=began,
        finished=finished,
        run_again_after=(finished or datetime.now(UTC)) + _REDELIVERIES,
        removed=erased.removed,
        redacted=erased.redacted,
        unsearchable=erased.unsearchable,
        contended=erased.contended,
    )


def write_receipt(receipt: Receipt, path: Path, *, overwrite: bool = False) -> None:
    """Write a receipt to a new file, or replace the one that was written when the erasure began.

    Raises:
        OSError: the file exists already, or cannot be written.
    """
    with path.open("wb" if overwrite else "xb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(receipt), indent=2) + b"\n")


def read_receipt(path: Path) -> Receipt:
    """Read a receipt.

    Raises:
        Unusable: the file is not a receipt; the message names it.
    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=Receipt)
    except OSError as error:
        raise Unusable(f"{path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise Unusable(f"{path} is not a receipt of an erasure: {error}") from error


def exception(receipts: Sequence[Receipt]) -> Redact:
    """Return a function that drops the erased people's events and redacts events that list them."""
    erased = [(_Digested(receipt), Instant.parse(receipt.began.astimezone(UTC).isoformat())) for receipt in receipts]

    def redact(event: Event) -> Event | None:
        for whom, when in erased:
            if is_theirs(event, whom):
                return None
            event = without(event, whom, when) or event
        return event

    return redact


class _Digested:
    """A person or thread that is recognized by the digests of a receipt."""

    def __init__(self, receipt: Receipt) -> None:
        self.kind: Kind = receipt.kind
        self._marks = receipt.marks
        self._salt = receipt.salt

    def is_named(self, identity: str) -> bool:
        written = spelled(identity)
        return any(
            len(written) == mark.length
            and written.startswith(mark.prefix)
            and _digest(written, self._salt) == mark.digest
            for mark in self._marks
        )


def _prefix(identity: str) -> str:
    """Return the prefix that many ids share: the `+` of a number, or the scheme of a raw id."""
    scheme = ":".join(identity.split(":")[:2]) + ":" if identity.count(":") > 1 else ""
    return "+" if identity.startswith("+") else scheme


@lru_cache(maxsize=100_000)
def _digest(identity: str, salt: str) -> str:
    """Return a digest that takes about 10 ms to compute."""
    content = identity.encode("utf-8", "surrogatepass")
    return hashlib.scrypt(content, salt=bytes.fromhex(salt), n=2**12, r=8, p=1, dklen=16).hex()
