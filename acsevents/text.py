"""Escape control characters in stored texts before they are printed."""

from typing import Final

# Cursor movement, colours and right-to-left overrides would let a message rewrite the terminal.
_CONTROL: Final = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code not in {0x09, 0x0A}}
_BIDIRECTIONAL: Final = (0x061C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0xFEFF)
_ESCAPES: Final = {**_CONTROL, **{code: f"\\u{code:04x}" for code in _BIDIRECTIONAL}}


def escaped(text: str) -> str:
    """Return a text with control characters and bidirectional overrides as escapes; keep tabs and line breaks."""
    return text.translate(_ESCAPES)
