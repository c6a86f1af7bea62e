"""What an examination found."""

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """How bad it is; only what is wrong fails the examination."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding.

    Attributes:
        check: what was looked at.
        status: how it is.
        what: what was found.
        cure: what to do; only where something is to be done.
    """

    check: str
    status: Status
    what: str
    cure: str | None = None


def ok(check: str, what: str) -> Finding:
    """Find something in order."""
    return Finding(check, Status.OK, what)


def warning(check: str, what: str, cure: str) -> Finding:
    """Find something that may be meant so."""
    return Finding(check, Status.WARNING, what, cure)


def wrong(check: str, what: str, cure: str) -> Finding:
    """Find something that must be mended."""
    return Finding(check, Status.WRONG, what, cure)


def skipped(check: str, what: str, cure: str) -> Finding:
    """Tell what could not be looked at."""
    return Finding(check, Status.SKIPPED, what, cure)
