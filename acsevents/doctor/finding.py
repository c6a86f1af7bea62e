"""The findings of `acsevents doctor`."""

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """How serious a finding is; only `WRONG` makes the command fail."""

    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"
    SKIPPED = "skipped"


class Finding(msgspec.Struct, frozen=True, omit_defaults=True):
    """One finding.

    Attributes:
        check: what was checked.
        status: how serious it is.
        what: what was found.
        cure: what to do, if anything.
    """

    check: str
    status: Status
    what: str
    cure: str | None = None


def ok(check: str, what: str) -> Finding:
    """Return a finding that something is in order."""
    return Finding(check, Status.OK, what)


def warning(check: str, what: str, cure: str) -> Finding:
    """Return a finding that may be intended."""
    return Finding(check, Status.WARNING, what, cure)


def wrong(check: str, what: str, cure: str) -> Finding:
    """Return a finding that must be fixed."""
    return Finding(check, Status.WRONG, what, cure)


def skipped(check: str, what: str, cure: str) -> Finding:
    """Return a finding that something could not be checked."""
    return Finding(check, Status.SKIPPED, what, cure)
