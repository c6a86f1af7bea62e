"""Times are exact to the tick, whatever their notation."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.events import timestamps
from tests.core.service_limits import violations
from tests.core.strategies import MANY

_START = datetime.fromisoformat("0001-01-01T00:00:00")
_SECONDS = st.datetimes(datetime.fromisoformat("1601-01-02"), datetime.fromisoformat("9999-12-30")).map(
    lambda moment: moment.replace(microsecond=0)
)
_OFFSETS = st.sampled_from(["Z", "+00:00", "-08:00", "+05:45", "+14:00", "-00:01", "+0530"])
_SHAPED = st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[.,]?\d{0,9}[Zz]?")
_SHORT = st.sampled_from(
    [
        f"{day}T{time}{zone}"
        for day in ("2020-09-18", "20200918", "2020-W38-5", "2020W385")
        for time in ("00", "0022", "00:22", "002220", "00:22:20", "002220.5", "00:22:20.5")
        for zone in ("", "Z", "+00:00", "+0000", "+00", "-00:00")
    ]
)
_NEARLY = st.builds("2020-09-18T00:22:20.{}{}".format, st.text("0123456789\u0663x_ ", max_size=9), _OFFSETS)
LAST = 3_155_378_975_999_999_999


def _ticks(moment: datetime) -> int:
    since = moment - _START
    return (since.days * 86_400 + since.seconds) * 10**7


def _minutes(offset: str) -> int:
    if offset == "Z":
        return 0
    digits = offset[1:].replace(":", "")
    return (int(digits[:2]) * 60 + int(digits[2:])) * (-1 if offset[0] == "-" else 1)


@MANY
@given(_SECONDS, st.text("0123456789", max_size=7), _OFFSETS)
def test_all_digits_and_offsets_are_read_to_the_tick(moment: datetime, digits: str, offset: str) -> None:
    """Zero to seven fractional digits and any offset are read without rounding and without a note."""
    written = f"{moment.isoformat()}{'.' if digits else ''}{digits}{offset}"
    expected = _ticks(moment - timedelta(minutes=_minutes(offset))) + int(f"{digits:0<7}")
    instant = timestamps.Instant.parse(written)

    assert (instant.ticks, instant.note) == (expected, None)
    assert instant.edm == timestamps.edm(expected)
    assert violations({"PartitionKey": "", "RowKey": "", "EventTime": instant.edm}) == []
    assert timestamps.Instant.parse(instant.edm).ticks == expected


@MANY
@given(st.text("0123456789", min_size=8, max_size=20), _OFFSETS)
def test_digits_beyond_the_tick_are_cut_and_noted(digits: str, offset: str) -> None:
    """They are cut, not rounded, so that no event gets a time after its own."""
    instant = timestamps.Instant.parse(f"2020-09-18T00:22:20.{digits}{offset}")

    assert instant.ticks % 10**7 == int(digits[:7])
    assert instant.note == "cut to 100 ns"


@MANY
@given(st.text() | st.text("0123456789-:T.Z+W,_ ") | _NEARLY | _SHAPED | _SHORT)
def test_any_other_text_is_read_or_refused(text: str) -> None:
    """Any text gives a time in range or a ValueError."""
    try:
        instant = timestamps.Instant.parse(text)
    except ValueError:
        return

    assert violations({"PartitionKey": "", "RowKey": "", "EventTime": instant.edm}) == []
    assert timestamps.Instant.parse(instant.edm).ticks == instant.ticks


@pytest.mark.parametrize(
    ("text", "edm", "note"),
    [
        ("1601-01-01T00:00:00Z", "1601-01-01T00:00:00.0000000Z", None),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.9999999Z", None),
        ("2021-02-19T17:07:10.064-08:00", "2021-02-20T01:07:10.0640000Z", None),
        ("2020-02-29T23:59:59.9999999+00:00", "2020-02-29T23:59:59.9999999Z", None),
        ("2020-09-18 00:22:20.5Z", "2020-09-18T00:22:20.5000000Z", None),
        ("2020-09-18T00:22:20", "2020-09-18T00:22:20.0000000Z", "no time zone, read as UTC"),
        ("2020-09-18T00:22:20.1234567", "2020-09-18T00:22:20.1234567Z", "no time zone, read as UTC"),
        ("2020-09-18", "2020-09-18T00:00:00.0000000Z", "no time zone, read as UTC"),
        ("2020-W38-5T00:22:20.1234567Z", "2020-09-18T00:22:20.1234567Z", None),
        ("2020-09-18T00Z", "2020-09-18T00:00:00.0000000Z", None),
        ("2020-09-18T00+00:00", "2020-09-18T00:00:00.0000000Z", None),
        ("2020-09-18T0022Z", "2020-09-18T00:22:00.0000000Z", None),
        ("2020-09-18T00:22Z", "2020-09-18T00:22:00.0000000Z", None),
        ("2020-09-18T00:22+00:00", "2020-09-18T00:22:00.0000000Z", None),
        ("2020-09-18T002220Z", "2020-09-18T00:22:20.0000000Z", None),
        ("2020-W38-5T00+00:00", "2020-09-18T00:00:00.0000000Z", None),
        ("20200918T002220.5Z", "2020-09-18T00:22:20.5000000Z", "cut to microseconds"),
        ("2020-09-18T00:22:20,1234567Z", "2020-09-18T00:22:20.1234560Z", "cut to microseconds"),
        ("2020-09-18T00:22:20,0000001Z", "2020-09-18T00:22:20.0000000Z", "cut to microseconds"),
        ("20200918T002220.0000001Z", "2020-09-18T00:22:20.0000000Z", "cut to microseconds"),
    ],
)
def test_what_a_text_leaves_open_is_noted(text: str, edm: str, note: str | None) -> None:
    """A missing offset means UTC, like all times of Event Grid; it is noted, and so are lost digits."""
    instant = timestamps.Instant.parse(text)

    assert (instant.edm, instant.note) == (edm, note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "3/28/2007 7:13:50 PM +00:00",
        "1600-12-31T23:59:59.9999999Z",
        "0001-01-01T00:00:00Z",
        "1601-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "2020-02-30T00:00:00Z",
        "2020-09-18T24:00:01Z",
        "2020-09-18T23:59:60Z",
        "2020-09-18T00:22:20.123456 Z",
        "2020-09-18T00:22:20.123456\u0663Z",
        "2020-09-18T00:22:20.123456_Z",
        "2020-09-18T00:22:20.12x4567Z",
        "2020-09-18T00:22:20.1234567x9Z",
        "2020-09-18T00:22:20.1234567ZZ",
        "2020-09-18T00:22:20+25:00",
        "1600380369988",
        "\uff12\uff10\uff12\uff10-09-18T00:22:20Z",
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    """Outside of the service's years, not in the calendar, or not ISO 8601."""
    with pytest.raises(ValueError, match=r"^not a time between 1601 and 9999$"):
        timestamps.Instant.parse(text)


@MANY
@given(st.integers(0, LAST), st.integers(0, LAST))
def test_ticks_sort_as_text(one: int, other: int) -> None:
    """In both directions, with 19 digits each."""
    forward = [timestamps.forward(ticks) for ticks in (one, other)]
    reverse = [timestamps.reverse(ticks) for ticks in (one, other)]

    assert (one < other) == (forward[0] < forward[1]) == (reverse[0] > reverse[1])
    assert {len(text) for text in forward + reverse} == {19}
    assert int(reverse[0]) == LAST - one


@pytest.mark.parametrize("ticks", [-1, LAST + 1])
def test_no_literal_is_written_beyond_the_years_1_to_9999(ticks: int) -> None:
    """A ValueError names the limit."""
    with pytest.raises(ValueError, match="not between the years 1 and 9999"):
        timestamps.edm(ticks)


def test_an_instant_is_its_point_in_time() -> None:
    """Instants compare and hash by their ticks, and their repr has the literal."""
    instants = [timestamps.Instant.parse(text) for text in ("2020-09-18T00:22:20Z", "2020-09-18T02:22:20.0+02:00")]

    assert len(set(instants)) == 1
    assert repr(instants[1]) == "<Instant 2020-09-18T00:22:20.0000000Z>"
    assert instants[0] != instants[0].edm


def test_ticks_are_those_of_dot_net() -> None:
    """The Unix epoch is 621,355,968,000,000,000 ticks after the year 1."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC).isoformat()

    assert timestamps.Instant.parse(epoch).ticks == 621_355_968_000_000_000
