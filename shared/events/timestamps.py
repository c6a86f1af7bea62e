"""Times in the resolution of Table Storage: ticks of 100 ns since 0001-01-01 UTC.

Producers write 0 to 7 fractional digits and `Z`, `+00:00` or another offset. Existing parsers disagree about the
seventh digit: one cuts it, another rounds it. Times are part of keys, so all of them are parsed here.
"""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Self

TICKS_PER_SECOND = 10_000_000
_EPOCH = datetime(1, 1, 1)  # noqa: DTZ001  all times here are UTC, and naive datetimes are twice as fast
_EARLIEST = 504_911_232_000_000_000  # 1601-01-01, the oldest Edm.DateTime
_LATEST = 3_155_378_975_999_999_999  # 9999-12-31T23:59:59.9999999
_TICK_DIGITS = 7
_TO_THE_SECOND = len("2020-09-18T00:22:20")
_NOT_A_TIME = "not a time between 1601 and 9999"

# A time as .NET writes it, and with it nearly every event. Hour 24, which is the next day, is left to datetime.
_SECOND = re.compile(r"\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d", re.ASCII)
_FRACTION_AND_OFFSET = re.compile(r"(?:\.(\d{1,7}))?(?:Z|\+00:00|([+-]\d\d:\d\d))", re.ASCII)
_FRACTION = re.compile(r".{19}\.(\d+)(?:[Z+-].*)?", re.ASCII)


class Instant:
    """A point in time.

    Attributes:
        ticks: 100 ns since 0001-01-01 UTC.
        edm: the same as an Edm.DateTime literal with seven fractional digits.
        note: what was missing or cut; None if the text was read exactly.
    """

    __slots__ = ("edm", "note", "ticks")

    def __init__(self, ticks: int, edm: str, note: str | None = None) -> None:
        self.ticks = ticks
        self.edm = edm
        self.note = note

    @classmethod
    def parse(cls, value: object) -> Self:
        """Parse an ISO 8601 time to the tick; a time without an offset is UTC, like all times of Event Grid.

        Raises:
            ValueError: not a time, or not between 1601-01-01 and 9999-12-31.
        """
        try:
            usual = _FRACTION_AND_OFFSET.fullmatch(value, _TO_THE_SECOND)  # type: ignore[call-overload]  # TypeError unless a string
            second: str = value[:_TO_THE_SECOND]  # type: ignore[index]  # a string here
            fraction, offset = ("", "") if usual is None else usual.groups("")
            if offset:
                second = _in_utc(second, offset)
            ticks_of_second = None if usual is None else _ticks_of_second(second)
            if ticks_of_second is None:
                ticks, written, note = _unusual_parts(value)  # type: ignore[arg-type]  # a string here
            else:
                digits = fraction.ljust(_TICK_DIGITS, "0")
                ticks = ticks_of_second + int(digits)
                written, note = f"{second}.{digits}Z", None
        except (ValueError, TypeError, OverflowError):
            raise ValueError(_NOT_A_TIME) from None
        return cls(ticks, written, note)

    def __eq__(self, other: object) -> bool:
        """Compare the points in time, however they were written."""
        return isinstance(other, Instant) and self.ticks == other.ticks

    def __hash__(self) -> int:
        """Return equal hashes for equal points in time."""
        return hash(self.ticks)

    def __repr__(self) -> str:
        """Show the literal."""
        return f"<Instant {self.edm}>"


def _unusual_parts(text: str) -> tuple[int, str, str | None]:
    moment = datetime.fromisoformat(text)
    note = "no time zone, read as UTC" if moment.tzinfo is None else None
    moment = moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta())
    ticks = _ticks(moment) + moment.microsecond * 10
    if text[19:20] == ".":
        fraction = _FRACTION.fullmatch(text)
        if fraction is None:
            raise ValueError("not an offset after the fraction")
        ticks += int(fraction[1][_TICK_DIGITS - 1 : _TICK_DIGITS] or 0)  # datetime has parsed the first six
        if len(fraction[1]) > _TICK_DIGITS:
            note = "cut to 100 ns"
    elif moment.microsecond or "," in text or "." in text:  # what `datetime` cut may be all that is not zero
        note = "cut to microseconds"
    return ticks, edm(ticks), note


@lru_cache(maxsize=256)  # the events of a burst share few seconds
def _ticks_of_second(text: str) -> int | None:
    """Return the ticks of a second as .NET writes it, and None for any other text."""
    return _ticks(datetime.fromisoformat(text)) if _SECOND.fullmatch(text) else None


@lru_cache(maxsize=256)  # as above
def _in_utc(second: str, offset: str) -> str:
    """Return the same second in UTC; raises ValueError or OverflowError if it is none that `datetime` knows."""
    return datetime.fromisoformat(second + offset).astimezone(UTC).replace(tzinfo=None).isoformat()


def _ticks(moment: datetime) -> int:
    """Return the ticks of a datetime without its fraction of a second; raises ValueError if no column can hold it."""
    since = moment - _EPOCH
    ticks = (since.days * 86_400 + since.seconds) * TICKS_PER_SECOND
    if not _EARLIEST <= ticks <= _LATEST:
        raise ValueError(_NOT_A_TIME)
    return ticks


def edm(ticks: int) -> str:
    """Return ticks as an Edm.DateTime literal with seven fractional digits.

    Raises:
        ValueError: not between the years 1 and 9999.
    """
    seconds, fraction = divmod(ticks, TICKS_PER_SECOND)
    try:
        moment = _EPOCH + timedelta(seconds=seconds)
    except OverflowError as error:
        raise ValueError("not between the years 1 and 9999") from error
    return f"{moment.isoformat()}.{fraction:07d}Z"


def reverse(ticks: int) -> str:
    """Return ticks as 19 digits that sort newer times first: counted down from the end of the year 9999."""
    return str(_LATEST - ticks).zfill(19)


def ticks_of_reversed(written: str) -> int:
    """Return the ticks that `reverse` was given."""
    return _LATEST - int(written)


def forward(ticks: int) -> str:
    """Return ticks as 19 digits that sort older times first."""
    return str(ticks).zfill(19)
