"""The error boundary: a failure becomes one line that says what to do, and an exit code.

0 found, or done · 1 not found, or refused · 2 unusable command line, setting or file · 3 unreachable
"""

import logging
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import ClassVar, Final

from acsevents.local import LocalStackError
from acsevents.text import escaped
from shared.errors import RowRefused, SettingsError, SinkError, StorageError

_INTERRUPTED: Final = 130  # as shells count SIGINT


class Failure(Exception):  # noqa: N818  each subclass is named for what happened
    """A command cannot do what it was asked; the message is one line that says what to do."""

    exit_code: ClassVar[int] = 1


class NotFound(Failure):
    """What was asked for does not exist."""


class Refused(Failure):
    """The service, the topic or the user refused."""


class Unusable(Failure):
    """A setting, a file or an argument cannot be used."""

    exit_code = 2


class OutOfReach(Failure):
    """The tables or the topic cannot be reached."""

    exit_code = 3


@contextmanager
def explained() -> Iterator[None]:
    """Print a failure that the user can correct to stderr and exit; other errors are bugs and keep their traceback."""
    _escape_unprintable()
    logging.getLogger("azure.identity").setLevel(logging.CRITICAL)  # the failure is printed once, in one line
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        yield
    except Exception as error:
        failure = explanation(error)
        if failure is None:
            raise
        print(f"acsevents: {escaped(str(failure))}", file=sys.stderr)
        sys.exit(failure.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C during shutdown needs no traceback


def explanation(error: Exception) -> Failure | None:
    """Return the failure that explains an error, or None for a bug."""
    match error:
        case Failure():
            return error
        case SettingsError():
            return Unusable(str(error))
        case StorageError() if not isinstance(error, RowRefused):
            return OutOfReach(str(error))
        case LocalStackError() | SinkError():
            return Refused(str(error))
    return _of_a_library(error)


def _of_a_library(error: Exception) -> Failure | None:
    package = type(error).__module__.partition(".")[0]
    if package == "azure":
        from acsevents.azure_failures import explanation_of_azure  # noqa: PLC0415  imports azure, already loaded

        return explanation_of_azure(error)
    if package == "aiohttp" or isinstance(error, (ConnectionError, TimeoutError)):
        return OutOfReach(f"no answer over HTTP ({type(error).__name__}): is the address right, and is it running?")
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return Unusable(f"{where}{error.strerror or type(error).__name__}")
    return None


def _escape_unprintable() -> None:
    """Print lone surrogates, and characters that a stream's encoding lacks, as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
