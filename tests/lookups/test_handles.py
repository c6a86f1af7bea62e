"""A handle identifies one event and suffices to find it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decoder import decode
from shared.lookups import Handle
from shared.rows.records import record_rows
from tests.storage.events import chat, sms

HANDLES = st.builds(
    Handle,
    shard=st.integers(0, 3),
    ticks=st.integers(504_911_232_000_000_000, 3_155_378_975_999_999_999),
    digest=st.text("0123456789abcdef", min_size=16, max_size=16),
)


@given(HANDLES)
def test_a_handle_is_read_back_as_it_was_written(handle: Handle) -> None:
    """In either case, with surrounding blanks, and with letters that look like digits."""
    written = str(handle)

    assert handle == Handle.parse(written)
    assert handle == Handle.parse(f" {written.upper()} ")
    assert handle == Handle.parse(written.replace("0", "o").replace("1", "l"))


@given(HANDLES, HANDLES)
def test_handles_sort_by_time(one: Handle, other: Handle) -> None:
    """The handle of a later event compares greater as text."""
    if one.ticks < other.ticks:
        assert str(one) < str(other)


@pytest.mark.parametrize("text", [sms(), chat(), chat(threadId="an/odd#id")])
def test_the_rows_of_an_event_give_one_handle_which_gives_the_key_in_the_time_line(text: str) -> None:
    """From its record and from its row in `Timeline`."""
    record, *_, in_timeline = record_rows(decode(text))
    handle = Handle.of_record(record.partition, record.row_key)

    assert handle == Handle.of_timeline(in_timeline.partition, in_timeline.row_key)
    assert (in_timeline.partition, in_timeline.row_key) == handle.key


@pytest.mark.parametrize("text", ["", "x", "0" * 25, "0" * 27, "u" * 26, "z" * 26, "0hs7r6mzy2n8w3v5k9d4c1q6j/"])
def test_what_is_no_handle_is_refused(text: str) -> None:
    """If it is too short or too long, or has other characters or a time that no row can have."""
    with pytest.raises(ValueError, match="26 letters and digits"):
        Handle.parse(text)


@pytest.mark.parametrize("partition", ["4~2516", "-1~2516", "x~2516", ""])
def test_keys_that_are_not_of_the_time_line_make_no_handle(partition: str) -> None:
    """Rows of others in the table are refused with a ValueError, which look-ups count as unreadable."""
    row_key = record_rows(decode(sms()))[-1].row_key
    with pytest.raises(ValueError, match=r"shard|invalid literal"):
        Handle.of_timeline(partition, row_key)
