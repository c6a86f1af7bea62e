"""Times as Table Storage counts them: ticks of 100 ns since 0001-01-01 UTC.

Producers write 0 to 7 fractional digits and `Z`, `+00:00` or another offset. The parsers at hand disagree about the
seventh digit (one cuts it, another rounds it), and times are part of keys: so they are read in this one place.
"""

from datetime import UTC, datetime, timedelta

import msgspec

TICKS_PER_SECOND = 10_000_000
_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_EARLIEST = 504_911_232_000_000_000  # 1601-01-01: Edm.DateTime holds nothing older
_LATEST = 3_155_378_975_999_999_999  # 9999-12-31T23:59:59.9999999
_SECONDS_END = len("2020-09-18T00:22:20")
_TICK_DIGITS = 7


class Instant(msgspec.Struct, frozen=True):
    """A point in time.

    Attributes:
        ticks: 100 ns since 0001-01-01 UTC.
        edm: the same as an Edm.DateTime literal with seven fractional digits.
        note: what the text left open or what was cut, None for an exact reading.
    """

    ticks: int
    edm: str
    note: str | None


def read(text: str) -> Instant:
    """Read an ISO 8601 time to the tick; a time without zone is UTC, as all Event Grid times are.

    Raises:
        ValueError: not a time, or outside 1601-01-01 to 9999-12-31.
    """
    moment = datetime.fromisoformat(text)
    digits = _fraction_of_utc(text)
    if digits is None:
        instant = _read_unusual(text, moment)
    else:
        since = moment - _EPOCH
        ticks = (since.days * 86_400 + since.seconds) * TICKS_PER_SECOND + int(digits)
        instant = Instant(ticks, f"{text[:_SECONDS_END]}.{digits}Z", None)
    if not _EARLIEST <= instant.ticks <= _LATEST:
        raise ValueError("outside 1601-01-01 to 9999-12-31")
    return instant


def _fraction_of_utc(text: str) -> str | None:
    """Tell the seven fractional digits of a readable time that is written as .NET writes UTC, as nearly all are."""
    if text[-1] == "Z":
        end = len(text) - len("Z")
    elif text[-6:] == "+00:00":
        end = len(text) - len("+00:00")
    else:
        return None
    # Neither without seconds nor with digits to be cut; no basic format, no week date.
    if not _SECONDS_END <= end <= _SECONDS_END + 1 + _TICK_DIGITS:
        return None
    if text[10] != "T" or text[16] != ":" or text[5] == "W":
        return None
    fraction = text[_SECONDS_END:end]
    if not fraction:
        return "0000000"
    digits = fraction[1:]
    # datetime reads six digits and overlooks what stands behind them.
    if fraction[0] != "." or not digits.isascii() or not digits.isdigit():
        return None
    return f"{digits:0<7}"


def _read_unusual(text: str, moment: datetime) -> Instant:
    note = None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
        note = "no time zone, read as UTC"
    since = moment - _EPOCH
    ticks = (since.days * 86_400 + since.seconds) * TICKS_PER_SECOND + since.microseconds * 10
    if text[_SECONDS_END : _SECONDS_END + 1] == ".":
        digits = _leading_digits(text[_SECONDS_END + 1 :])
        if text[_SECONDS_END + 1 + len(digits) :][:1] not in {"", "Z", "+", "-"}:
            raise ValueError("not a time zone behind the fraction")
        if len(digits) >= _TICK_DIGITS:
            ticks += int(digits[_TICK_DIGITS - 1])
        if len(digits) > _TICK_DIGITS:
            note = "cut to 100 ns"
    elif since.microseconds:
        note = "cut to microseconds"
    return Instant(ticks, edm(ticks), note)


def edm(ticks: int) -> str:
    """Write ticks as an Edm.DateTime literal with all seven fractional digits.

    Raises:
        ValueError: outside the years 1 to 9999.
    """
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError("outside the years 1 to 9999") from error
    return f"{moment.isoformat()[:_SECONDS_END]}.{fraction:07d}Z"


def reverse(ticks: int) -> str:
    """Write ticks so that newer times sort first: 19 digits, counted down from the year 9999."""
    return f"{_LATEST - ticks:019d}"


def forward(ticks: int) -> str:
    """Write ticks so that older times sort first: 19 digits."""
    return f"{ticks:019d}"


def _leading_digits(text: str) -> str:
    for position, character in enumerate(text):
        if not "0" <= character <= "9":
            return text[:position]
    return text
