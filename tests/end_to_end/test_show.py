"""How the command line prints texts that strangers wrote."""

import io
import json

from rich.console import Console

from acsevents import show
from acsevents.output import json_line
from shared.stories import Message, SmsStory, Transcript

NASTY = "\x1b[2J ok :smiley: [red]x[/red] \x9b \u202egnp \U0001f33b"


def transcript() -> Transcript:
    """Return a thread with one message that contains control sequences."""
    message = Message("1", "8:acs:x", NASTY, "2025-05-06T09:12:38.1240000Z", NASTY)
    return Transcript("19:x@thread.v2", NASTY, (), (message,))


def test_json_tells_every_text_equal_and_in_ascii() -> None:
    """The JSON is ASCII without control characters, and parses to the exact text."""
    printed = json_line(transcript())

    assert printed.isascii()
    assert "\x1b" not in printed
    assert NASTY == json.loads(printed)["messages"][0]["text"]


def test_a_table_shows_control_characters_instead_of_obeying_them() -> None:
    """Escape sequences, overrides and markup are printed as text."""
    console = Console(file=io.StringIO(), width=200)
    show.thread(console, transcript())
    printed = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from above

    assert "\x1b" not in printed
    assert "\u202e" not in printed
    assert "\\x1b[2J ok :smiley: [red]x[/red] \\x9b \\u202egnp" in printed


def test_a_table_names_what_the_records_leave_open() -> None:
    """An unknown text of an SMS or a message is shown as unknown, not as empty."""
    console = Console(file=io.StringIO(), width=200)
    show.sms(console, SmsStory("1", "outbound", None, None, None, gaps=("its status is not certain",)))
    show.thread(
        console, Transcript("19:x@thread.v2", None, (), (Message("1", None, None, None, None),), gaps=("a gap",))
    )
    printed = console.file.getvalue()  # type: ignore[attr-defined]  # it is the StringIO from above

    assert "gap: its status is not certain" in printed
    assert "gap: a gap" in printed
    assert "(text not known)" in printed
