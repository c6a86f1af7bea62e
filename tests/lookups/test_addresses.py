"""Phone numbers as people write them."""

import pytest

from shared.lookups import address


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("+15555550100", "+15555550100"),
        ("15555550100", "+15555550100"),
        ("+1 555-555-0100", "+15555550100"),
        ("+1 (555) 555-0100", "+15555550100"),
        ("1.555.555.0100", "+15555550100"),
        ("+1\u00a0555\u2011555\u20110100", "+15555550100"),
        ("0015555550100", "+15555550100"),
        ("00 1 555 555 0100", "+15555550100"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("0044 (0) 20 7946 0958", "+442079460958"),
        (" 12345 ", "12345"),
        ("123-45", "12345"),
        ("Contoso", "Contoso"),
        ("My-Shop 24", "My-Shop 24"),
        ("", ""),
    ],
)
def test_a_number_is_found_however_it_is_written(written: str, meant: str) -> None:
    """Short codes lose only their punctuation, and alphanumeric senders are unchanged."""
    assert meant == address(written)
    assert meant == address(meant)
